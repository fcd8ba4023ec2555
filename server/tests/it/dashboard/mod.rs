//! The dashboard as people use it, without script: pages, forms, refusals.

mod apis;
mod browser;
mod entrance;
mod portals;
