//! The v2 door, one file per tag.

mod apis;
mod bad_input;
mod document;
mod identities;
mod keys;
mod permissions;
mod ratelimit;
mod verify;
