//! Texts of the log of requests, of one request and of one verification.

use std::fmt::Display;

// The log of requests

pub const NO_REQUEST_HERE_HINT: &str = "Requests to the API show here with what was sent and answered. \
    Change the filters or look at a longer span.";
pub const METHOD: &str = "Method";
pub const CALLER: &str = "Caller";
pub const ANONYMOUS: &str = "anonymous";
pub const SEARCH_HINT: &str = "Path, id or text of a request";
pub const OUTCOME_OF_A_VERIFICATION: &str = "Outcome of a verification";

pub fn is_no_address(ip: impl Display) -> String {
    format!("{ip} is not an address.")
}

// One request

pub const REQUEST_BODY: &str = "Request body";
pub const RESPONSE_BODY: &str = "Response body";
pub const REQUEST_ID_TO_COPY: &str = "request id";
pub const VERIFICATION: &str = "Verification";

pub fn body_of_bytes(name: impl Display, bytes: impl Display) -> String {
    format!("{name}, {bytes} bytes")
}

pub const EMPTY_BODY: &str = "(empty)";

pub fn bytes_not_kept(bytes: impl Display) -> String {
    format!("({bytes} bytes that were not kept)")
}

// How many of the requests are logged

pub const LOG_IS_OFF: &str = "The log of requests is off: nothing is added to it.";
pub const ONLY_ERRORS_ARE_LOGGED: &str = "Only requests that were refused or failed are logged.";
pub const SUCCESSES_ARE_NOT_LOGGED: &str = "Successful verifications and limit checks are not logged.";

pub fn percent_is_logged(percent: impl Display) -> String {
    format!("Of successful verifications and limit checks, {percent} of 100 are logged.")
}

pub fn about_in_all(total: impl Display, percent: impl Display) -> String {
    format!(
        "About {total} in all, an estimate: of successful verifications and limit checks, {percent} of 100 \
        are logged."
    )
}

// One verification

pub const KEY_IS_GONE: &str = "The key is gone, so its settings can no longer be compared.";
