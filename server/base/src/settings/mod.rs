//! Single values that the server remembers of itself, by name.
//!
//! Deliberately absent: what a value means; the room that names it knows.

mod store;

pub use store::{get, get_of_copy, set};
