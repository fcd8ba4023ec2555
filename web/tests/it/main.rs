//! What every page must be: escaped, valid, accessible, and as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod contrast;
mod dom;
mod markup;
mod safety;
mod sample;
mod snapshots;
mod statics;
