//! The dashboard as people use it, without script: pages, forms, refusals.

mod apis;
mod bounds;
pub mod browser;
mod bulk;
mod charts;
mod forms;
mod home;
mod identities;
mod keys;
mod logs;
mod new_keys;
mod portals;
mod queries;
mod ratelimits;
mod rbac;
mod root_keys;
mod search_and_sql;
mod secrets;
mod settings;
mod sign_in;
mod team;

pub use browser::Browser;
