//! In-process tests: the whole app on a temporary folder, with a clock that
//! moves when told and seeded ids, called through its routes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod analytics;
mod audit;
mod audit_catalogue;
mod bounds;
mod bulk;
mod clock;
mod compression;
mod configuration;
mod contract;
mod dashboard;
mod decode;
mod docs;
mod doors;
mod explain;
mod forward_auth;
mod interrupted;
mod leaks;
mod lengths;
mod mcp;
mod oauth;
mod openapi_drift;
mod page_headers;
mod people;
mod references;
mod request_log;
#[allow(dead_code, reason = "other tests need the rest")]
mod samples;
mod schema;
mod search;
mod sql;
mod strangers;
mod support;
mod tables;
mod texts;
mod tidy;
mod transfer;
mod v1;
mod v2;
mod webhooks;
