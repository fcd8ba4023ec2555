//! What every page must be: escaped, valid, accessible, and as it was.

mod contrast;
mod dom;
mod markup;
mod safety;
mod sample;
mod snapshots;
mod statics;
