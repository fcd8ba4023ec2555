//! The dashboard as people use it, without script: pages, forms, refusals.

mod browser;
mod bulk;
mod entrance;
mod query;
