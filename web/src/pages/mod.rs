//! Every page: a view model with what there is to see, and a function that
//! draws it.
//!
//! The comment of a view with a form names the path it posts to and its fields;
//! every form also posts the token [`CSRF`](crate::form::CSRF). After a refusal
//! the handler fills the same view with what was posted and draws it again.

pub mod parts;

pub mod api;
pub mod api_settings;
pub mod apis;
pub mod audit;
pub mod bulk;
pub mod consent;
pub mod error;
pub mod explain;
pub mod export;
pub mod home;
pub mod identities;
pub mod identity;
pub mod identity_usage;
pub mod import;
pub mod invite;
pub mod jobs;
pub mod key;
pub mod key_form;
pub mod key_preview;
pub mod key_rotate;
pub mod key_secret;
pub mod keys;
pub mod login;
pub mod namespace;
pub mod namespace_settings;
pub mod namespaces;
pub mod overrides;
pub mod permissions;
pub mod portal;
pub mod portal_settings;
pub mod request;
pub mod requests;
pub mod roles;
pub mod root_key;
pub mod root_key_form;
pub mod root_keys;
pub mod search;
pub mod secret_link;
pub mod settings;
pub mod setup;
pub mod shortcuts;
pub mod sql;
pub mod start;
pub mod style;
pub mod verification;
