//! sea-orm entities, one file per table, with typed ids.
//!
//! Rows only: no behaviour, no serialization, no HTTP. Nothing outside a
//! `store` may name a row; the ids in [`ids`] are the exception.

pub mod ids;

pub mod api;
pub mod audit_entry;
pub mod audit_target;
pub mod bulk_job;
pub mod bulk_row;
pub mod chunk;
pub mod encrypted_key;
pub mod idempotency_key;
pub mod identity;
pub mod identity_month;
pub mod invitation;
pub mod key;
pub mod key_migration;
pub mod key_permission;
pub mod key_role;
pub mod limit;
pub mod limiter_counter;
pub mod membership;
pub mod namespace;
pub mod oauth_client;
pub mod oauth_code;
pub mod one_time_link;
pub mod permission;
pub mod portal;
pub mod portal_session;
pub mod query_run;
pub mod ratelimit_override;
pub mod recovery_code;
pub mod role;
pub mod role_permission;
pub mod root_key;
pub mod root_key_grant;
pub mod saved_view;
pub mod schedule;
pub mod secret_link;
pub mod session;
pub mod setting;
pub mod user;
pub mod webhook_attempt;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod workspace;
