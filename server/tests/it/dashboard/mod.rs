//! The dashboard as people use it, without script: pages, forms, refusals.

mod access;
mod browser;
mod entrance;
mod identities;
mod keys;
mod logs;
mod ratelimits;
mod root_keys;
