//! The dashboard as people use it, without script: pages, forms, refusals.

mod browser;
mod entrance;
mod home;
mod secrets;
mod settings;
mod team;
