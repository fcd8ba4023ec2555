//! The v2 door, one file per tag.

mod apis;
mod bad_input;
mod codes;
mod document;
mod idempotency;
mod identities;
mod keys;
mod keys_access;
mod keys_moves;
pub mod matrix;
mod overrides;
mod permissions;
mod portal;
pub mod protections;
mod ratelimit;
mod root_keys;
mod spend_caps;
mod verify;
