//! Texts of the page that explains why a request was refused or accepted.
//!
//! Absent: the sentence of each check as of now, which is the domain's.

use std::fmt::Display;

// Explaining a decision

pub const NOTHING_ASKED_YET: &str = "Nothing asked yet";
pub const NOTHING_ASKED_YET_HINT: &str =
    "Paste a key, and what the caller asked for, to see every check in order. Nothing is consumed.";
pub const EXPLAIN_A_DECISION: &str = "Explain a decision";
pub const KEY_HINT: &str = "The secret, or an id. A secret is hashed on arrival and never kept.";
pub const PERMISSION_QUERY: &str = "Permission query";
pub const COST_HINT: &str = "Credits to spend; 1 if empty.";
pub const LIMITS: &str = "Limits";
pub const LIMITS_HINT: &str = "One a line: name, and a cost if not 1.";
pub const SOURCE_ADDRESS_HINT: &str = "Your own if empty.";
pub const DRY_RUN_HINT: &str = "A dry run: nothing is consumed or counted.";
pub const WHAT_IS_ASKED: &str = "What is asked";
pub const NOT_FOUND: &str = "not found";
pub const UNTIL_NOW: &str = "now";
pub const THE_SAME_REQUEST_NOW: &str = "The same request now";
pub const DRY_RUN: &str = "Dry run";
pub const WHAT_HAPPENED: &str = "What happened";
pub const ALL_CHECKS: &str = "All checks: ";
pub const CHECKS_IN_ORDER: &str = "Checks, in order";
pub const WOULD_BE_ACCEPTED: &str = "Would be accepted";
pub const WOULD_BE_REFUSED: &str = "Would be refused";
pub const WOULD_BE_ACCEPTED_NOW: &str = " The same request would be accepted now.";
pub const WOULD_BE_REFUSED_NOW: &str = " The same request would be refused now.";
pub const PASSED_CHECK: &str = "passed";
pub const FAILED_CHECK: &str = "failed";
pub const NOT_REACHED: &str = "not reached";
pub const NOT_USED: &str = "not used";
pub const SETTING: &str = "Setting";
pub const NOT_REACHED_WOULD_PASS: &str = "not reached, would pass";
pub const NOT_REACHED_WOULD_FAIL: &str = "not reached, would fail";

pub fn values_of(check: impl Display) -> String {
    format!("Values of {check}")
}

pub const THEN: &str = "Then";
pub const NOW: &str = "Now";
pub const ALL_OF: &str = "all of";
pub const ANY_OF: &str = "any of";
pub const HELD: &str = "held";
pub const MISSING_DECISIVE: &str = "missing, this decided it";
pub const MISSING: &str = "missing";

// What was asked, and remedies

pub const KEY_BELONGS_IN_FIELD: &str =
    "An address takes the id of a key: a secret does not belong in an address. Put it in this field.";
pub const COST_IS_ZERO_OR_MORE: &str = "A cost is 0 or more.";
pub const THIS_IS_NOT_AN_ADDRESS: &str = "This is not an address.";
pub const LINE_HAS_NAME_AND_COST: &str = "A line has the name of a limit, and a cost if it is not 1.";
pub const WHICH_KEY: &str = "Which key?";
pub const THERE_IS_NO_SUCH_REMEDY: &str = "There is no such remedy.";
pub const ENABLED_THE_KEY: &str = "Enabled the key.";
pub const KEY_WORKS_FOR_30_MORE_DAYS: &str = "The key works for 30 more days.";

pub fn granted_to_the_key(slug: impl Display) -> String {
    format!("Granted {slug} to the key.")
}

pub const ADDED_THE_MISSING_CREDITS: &str = "Added the missing credits.";

// The checks of a decision

pub fn then_and_now(then: impl Display, now: impl Display) -> String {
    format!("{then} Now: {now}")
}

pub fn now_is(now: impl Display) -> String {
    format!("Now: {now}")
}

pub const KEY_FOUND: &str = "Key found";
pub const IP_LIST: &str = "IP list";

pub fn permission_was_missing(denial: impl Display) -> String {
    format!("The permission '{denial}' was missing.")
}

pub fn limit_was_exceeded(denial: impl Display) -> String {
    format!("The limit '{denial}' was exceeded.")
}

pub const MONTH_WAS_USED_UP: &str = "The month of its identity was used up.";
pub const KEY_HAD_EXPIRED: &str = "The key had expired.";
pub const KEY_WAS_DISABLED: &str = "The key was disabled.";
pub const WORKSPACE_WAS_DISABLED: &str = "The workspace was disabled.";
pub const A_RULE_REFUSED_IT: &str = "A rule refused it; most likely the list of addresses.";
pub const ASKED_FOR: &str = "Asked for";
pub const API_OF_THE_KEY: &str = "API of the key";
pub const LIST: &str = "List";
pub const NEXT_MONTH: &str = "Next month";
pub const BALANCE: &str = "Balance";

pub fn limit_values(
    used: impl Display,
    limit: impl Display,
    duration: impl Display,
    cost: impl Display,
    end: impl Display,
) -> String {
    format!("{used} of {limit} in {duration}, {cost} asked for, ends {end}")
}

pub const EXCEEDED: &str = "exceeded";
pub const ENABLE_THIS_KEY: &str = "Enable this key";
pub const LET_IT_WORK_FOR_30_MORE_DAYS: &str = "Let it work for 30 more days";

pub fn grant_to_this_key(slug: impl Display) -> String {
    format!("Grant {slug} to this key")
}

pub fn add_credits(credits: impl Display) -> String {
    format!("Add {credits}")
}
