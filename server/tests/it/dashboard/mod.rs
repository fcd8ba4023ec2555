//! The dashboard as people use it, without script: pages, forms, refusals.

mod access;
mod apis;
mod bounds;
pub mod browser;
mod bulk;
mod entrance;
mod forms;
mod home;
mod identities;
mod keys;
mod logs;
mod portals;
mod query;
mod ratelimits;
mod root_keys;
mod secrets;
mod settings;
mod team;

pub use browser::Browser;
