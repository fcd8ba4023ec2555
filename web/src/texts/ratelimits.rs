//! Texts of rate limits: namespaces, one of them with its log and settings, and overrides.

pub const NEW_NAMESPACE: &str = "New namespace";
pub const NO_NAMESPACE_YET: &str = "No namespace yet";
pub const NO_NAMESPACE_YET_HINT: &str =
    "Limits of one kind share a namespace. The first call makes it, if the root key may.";
pub const LIMIT_SOMETHING: &str = "Limit something";
pub const NO_NAMESPACE_MATCHES: &str = "No namespace matches";
pub const TRY_FEWER_LETTERS: &str = "Try fewer letters, or its id.";
pub const NOUN_NAMESPACE: &str = "namespace";
pub const NEVER_USED: &str = "never used";
pub const NAME_HELP: &str = "Your code names it in each call, exactly as it is written here.";
pub const CREATE_NAMESPACE: &str = "Create namespace";
pub const NAME_OR_ID: &str = "Name or id";

pub const PASSED_REQUESTS: &str = "passed";
pub const BLOCKED_REQUESTS: &str = "blocked";

pub fn created_namespace(name: &str) -> String {
    format!("Created namespace {name}.")
}

pub fn its_name_is(name: &str) -> String {
    format!("Its name is {name}.")
}

pub fn deleted_namespace(name: &str) -> String {
    format!("Deleted namespace {name}.")
}

pub const NEW_OVERRIDE: &str = "New override";
pub const NO_IDENTIFIER_MATCHES: &str = "No identifier matches";
pub const CHANGE_FILTERS_OR_SPAN: &str = "Change the filters or look at a longer span.";
pub const NO_REQUEST_IN_THIS_SPAN_HINT: &str = "Decisions of this namespace show here as they are made.";
pub const NO_REQUEST_IN_THIS_SPAN: &str = "No request in this span";
pub const IDENTIFIER: &str = "Identifier";
pub const OVERRIDE: &str = "Override";
pub const PASSED: &str = "Passed";
pub const BLOCKED: &str = "Blocked";
pub const TOKENS_PASSED: &str = "Tokens passed";
pub const TOKENS_BLOCKED: &str = "Tokens blocked";
pub const LAST_REQUEST: &str = "Last request";
pub const IDENTIFIERS: &str = "Identifiers";
pub const LOG: &str = "Log";
pub const EDIT_OVERRIDE: &str = "Edit override";
pub const NO_DECISION_HERE: &str = "No decision here";
pub const DECISIONS: &str = "Decisions";
pub const NOUN_DECISION: &str = "decision";
pub const LEFT: &str = "Left";
pub const RESETS: &str = "Resets";
pub const BEGINNING_OF_AN_IDENTIFIER: &str = "Beginning of an identifier";
pub const TOKENS: &str = "Tokens";
pub const LATENCY: &str = "Latency";
pub const BEGINNING_OF_AN_ID: &str = "Beginning of an identifier or request id";
pub const IDENTIFIER_PLACEHOLDER: &str = "user_123, exactly";

/// Beside the identifier of a decision.
pub const OVERRIDE_APPLIED: &str = "override";

pub fn these_are_the_first(places: usize) -> String {
    format!("These are the first {places}. Search for others, or look at a shorter span.")
}

pub fn these_are_about_the_first(places: usize) -> String {
    format!(
        "These are the first {places}. Search for others, or look at a shorter span. There are so many that one \
         with a few more could be missing."
    )
}

pub const NAMESPACE_ID: &str = "Namespace id";
pub const OLD_NAME_GOES_ELSEWHERE: &str =
    "Your code names it in each call. Calls with the old name go to another namespace.";
pub const DELETE_THIS_NAMESPACE: &str = "Delete this namespace";
pub const DELETE_NAMESPACE_CONSEQUENCE: &str =
    "Its overrides go. Calls that name it fail until it is made again.";
pub const DELETE_NAMESPACE: &str = "Delete namespace";

pub const NO_OVERRIDE_YET_HINT: &str =
    "An override gives an identifier, or all that match a pattern, another limit than the call asks for.";
pub const NO_OVERRIDE_YET: &str = "No override yet";
pub const ENDS: &str = "Ends";
pub const NO_OVERRIDE_MATCHES: &str = "No override matches";
pub const NO_OVERRIDE_MATCHES_HINT: &str = "Search by identifier.";
pub const NOUN_OVERRIDE: &str = "override";
pub const ENDS_NEVER: &str = "Never";
pub const IN_ONE_HOUR: &str = "In one hour";
pub const IN_24_HOURS: &str = "In 24 hours";
pub const IN_ONE_WEEK: &str = "In one week";
pub const IN_30_DAYS: &str = "In 30 days";
pub const AT_THE_TIME_BELOW: &str = "At the time below";
pub const LIMIT_HOLDS_AGAIN_AFTERWARDS: &str = "With an end, the limit of now holds again afterwards.";
pub const LIMITS_OF_CALLS_HOLD_AFTERWARDS: &str = "By itself; the limits of calls hold afterwards.";
pub const CREATE_OVERRIDE: &str = "Create override";
pub const IDENTIFIER_HELP: &str =
    "Exact, or a pattern with *, such as *@example.com. Exact comes first, then the longest pattern.";
pub const LIMIT_HELP: &str = "0 blocks everything.";
pub const EVERY_HELP: &str = "Such as 10s, 5m, 1h, 1d; one second or more.";
pub const DELETE_THIS_OVERRIDE: &str = "Delete this override";
pub const DELETE_OVERRIDE_WITH_AN_END: &str =
    "The identifier gets the limit its calls ask for, now and after the end.";
pub const DELETE_OVERRIDE_CONSEQUENCE: &str = "The identifier gets the limit its calls ask for.";
pub const DELETE_OVERRIDE: &str = "Delete override";
pub const IDENTIFIER_OR_ID: &str = "Identifier or id";
pub const OVERRIDE_IS_GONE: &str = "This override has ended or was deleted since you opened the form. Nothing was saved. Create it to set what is in this form.";
pub const THE_LIMITS_OF_CALLS_HOLD_AGAIN: &str = "the limits of calls hold again";
pub const GIVE_A_LIMIT: &str = "Give a limit; 0 blocks everything.";
pub const GIVE_A_DURATION: &str = "Give a number and a unit, such as 10s, 5m, 1h or 1d.";

/// Between the end of an override and the limit from then on.
pub const THEN: &str = "then";

/// Names [`ENDS_NEVER`]. What holds afterwards: [`limit_holds_again`] or [`THE_LIMITS_OF_CALLS_HOLD_AGAIN`].
pub fn at_its_end(afterwards: &str) -> String {
    format!("At its end {afterwards}. \u{201c}Never\u{201d} makes what is set here last.")
}

/// A time in a zone, and what holds afterwards.
pub fn ends_at(time: &str, zone: &str, afterwards: &str) -> String {
    format!("{time} {zone}; {afterwards}")
}

pub fn limit_holds_again(limit: u64, window: &str) -> String {
    format!("{limit} / {window} holds again")
}

/// Of the field with a time, in a zone by its name.
pub fn time_in(zone: &str) -> String {
    format!("Time ({zone})")
}

pub fn set_the_override(identifier: &str) -> String {
    format!("Set the override of {identifier}.")
}

pub fn saved_the_override(identifier: &str) -> String {
    format!("Saved the override of {identifier}.")
}

pub fn deleted_the_override(identifier: &str) -> String {
    format!("Deleted the override of {identifier}.")
}
