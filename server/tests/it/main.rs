//! In-process tests: the whole app on a temporary folder, with a clock that
//! moves when told and seeded ids, called through its routes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod audit;
mod contract;
mod openapi_drift;
mod schema;
mod sql;
mod support;
mod tidy;
mod v2;
