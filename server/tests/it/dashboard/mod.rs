//! The dashboard as people use it, without script: pages, forms, refusals.

mod browser;
mod entrance;
mod logs;
mod root_keys;
