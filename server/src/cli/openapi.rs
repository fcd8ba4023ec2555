//! `unkey openapi`: the document of a version of the API.

use clap::ArgMatches;
use serde_json::Value;

use super::command::ApiVersion;
use super::output::Output;
use crate::http::{v1, v2};
use base::error::Result;

pub(super) fn run(given: &ArgMatches) -> Result<Output> {
    let document: &Value = match given.get_one::<ApiVersion>("version") {
        Some(ApiVersion::V1) => &v1::DOCUMENT,
        Some(ApiVersion::V2) | None => &v2::DOCUMENT,
    };
    Ok(Output::text(serde_json::to_string_pretty(document)? + "\n"))
}
