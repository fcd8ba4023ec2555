//! Texts of the overview: its figures, what needs attention, how the server is, and the first
//! steps.

use crate::number::{count, exact};

pub const DENIED: &str = "Denied";
pub const UNKNOWN_KEYS: &str = "Unknown keys";
pub const RATE_LIMIT_DECISIONS: &str = "Rate-limit decisions";
pub const BLOCKED: &str = "Blocked";
pub const REFUSED_MOST: &str = "Refused most";
pub const NO_CHANGE_YET: &str = "No change yet.";
pub const RECENT_CHANGES: &str = "Recent changes";
pub const SAVED_VIEWS: &str = "Saved views";
pub const NOT_VERIFIED_YET_FOR_READERS: &str = "Once a key of this workspace is verified, it shows here.";
pub const NOTHING_WAS_VERIFIED_HERE_YET: &str = "Nothing was verified here yet";
pub const NOT_VERIFIED_YET_HINT: &str = "Two minutes from here to a first verified request.";
pub const TAKE_THE_FIRST_STEPS: &str = "Take the first steps";
pub const CONCERNS: &str = "Concerns";
pub const NOTHING_NEEDS_ATTENTION: &str =
    "Nothing needs attention: nothing expires or runs out soon, and everything is stored.";
pub const NEEDS_ATTENTION: &str = "Needs attention";
pub const MAIN_REASON: &str = "Main reason";
pub const SHARE: &str = "Share";
pub const UNKNOWN_KEYS_ARE_NOT_COUNTED: &str = "Unknown keys are not counted: the log of requests is off.";

pub const KIND_KEY: &str = "key";
pub const KIND_IDENTITY: &str = "identity";
pub const KIND_IDENTIFIER: &str = "identifier";

pub fn unknown_keys_are_counted_for(days: i64) -> String {
    format!("Unknown keys are counted for {days} days only.")
}

pub const INDEXES_ARE_BEING_BUILT_AGAIN: &str = "Indexes are being built again";
pub const INDEXES_ARE_BEHIND: &str = "Indexes are behind";
pub const INDEXES_ARE_BEHIND_HINT: &str =
    "Charts, logs and search lack the newest events until they have caught up.";
pub const CHANGES_CANNOT_BE_STORED_HINT: &str =
    "Whatever is changed now is refused. Is the disk full? The log of the server says why.";
pub const CHANGES_CANNOT_BE_STORED: &str = "Changes cannot be stored";
pub const PAST_EVENTS_ARE_MISSING: &str = "Past events are missing";
pub const EVENTS_CANNOT_BE_STORED_HINT: &str =
    "Verifications go on, but what happens now may be lost. Is the disk full?";
pub const EVENTS_CANNOT_BE_STORED: &str = "Events cannot be stored";
pub const EVENTS_LOST_HINT: &str = "They could not be stored in time; charts lack them.";
pub const CLOCK_MAY_BE_FAR_AHEAD: &str = "The clock of the server may be far ahead";
pub const CLOCK_MAY_BE_FAR_AHEAD_HINT: &str =
    "Nothing is deleted for its age until it has said the same for an hour. Is it right?";
pub const CLOCK_WAS_AHEAD: &str = "The clock of the server was ahead, or is behind now";
pub const NO_BACKUP_WAS_EVER_MADE: &str = "None was ever made.";
pub const NO_BACKUP_AS_NEW_AS_PLANNED: &str = "There is no backup as new as planned";
pub const THE_LAST_BACKUP_FAILED: &str = "The last backup failed";
pub const REPLACE_IT: &str = "Replace it";
pub const SEE_ROOT_KEY: &str = "See root key";
pub const SEE_STORAGE: &str = "See storage";
pub const SEE_KEYS: &str = "See keys";
pub const NO_CREDITS_LEFT: &str = "Some have none left and are refused.";
pub const OTHERS_NEAR_THEIR_CAP_HINT: &str = "Their pages say how much is left.";
pub const SEE_IDENTITIES: &str = "See identities";
pub const REFUSED_UNTIL_NEXT_MONTH: &str = "Its keys are refused until the next month begins.";
pub const A_SPEND_CAP_IS_REACHED: &str = "A spend cap is reached";
pub const A_SPEND_CAP_IS_NEARLY_REACHED: &str = "A spend cap is nearly reached";
pub const SEE_IDENTITY: &str = "See identity";
pub const SEE_ROOT_KEYS: &str = "See root keys";

pub fn scheduled_work_failed(name: &str) -> String {
    format!("The scheduled work {name} failed")
}

/// After a sentence that says what went wrong.
pub fn tried_again(error: &str) -> String {
    format!("{error} It is tried again on its own; the log of the server says more.")
}

pub fn events_are_kept_as(path: &str) -> String {
    format!("events.db was damaged at the start of the server. It is kept as {path}.")
}

pub fn events_lost(number: i64) -> String {
    format!("{} lost since the start", were(number, "event"))
}

/// When what was stored last was stored: `in 2 hours`.
pub fn clock_was_ahead_by(when: &str) -> String {
    format!("What was stored last bears a time {when}. Is the clock right?")
}

pub fn last_good_backup(when: &str) -> String {
    format!("The last good one was made {when}.")
}

pub fn last_backup_failed(error: &str) -> String {
    format!("The last one failed: {error}.")
}

pub fn root_key_was_found(name: &str) -> String {
    format!("The root key {name} was found in public")
}

/// Where it was found, as half a sentence, and when: `3 days ago`.
pub fn found_and_still_works(id: &str, place: &str, when: &str) -> String {
    format!("{id} was found {place}, {when}. It still works: replace it, then revoke it.")
}

pub fn keys_expire(number: i64, or_more: bool, api: &str) -> String {
    let verb = if number == 1 { "expires" } else { "expire" };
    format!("{} of {api} {verb} within a week", keys(number, or_more))
}

/// When it expires: `in 2 hours`.
pub fn the_first_one(when: &str) -> String {
    format!("The first one {when}.")
}

pub fn keys_have_few_credits(number: i64, or_more: bool, api: &str, credits: i64) -> String {
    let verb = if number == 1 { "has" } else { "have" };
    format!("{} of {api} {verb} fewer than {credits} credits", keys(number, or_more))
}

pub fn lowest_balance(credits: i64) -> String {
    format!("The lowest balance is {}.", exact(credits))
}

pub fn others_near_their_cap(number: usize, or_more: bool) -> String {
    let more = if or_more { "or more " } else { "" };
    match number {
        1 => "1 other identity has spent most of its month".to_owned(),
        number => format!("{number} {more}other identities have spent most of their month"),
    }
}

/// `900 of 1,000`.
pub fn credits_of_this_month(spent_of_cap: &str) -> String {
    format!("{spent_of_cap} credits of this month are spent.")
}

pub fn credits_left(number: i64) -> String {
    format!("{} left.", count(number, "credit"))
}

pub fn unused_root_keys(number: i64, days: i64) -> String {
    format!("{} not used in {days} days", were(number, "root key"))
}

/// How many of them have every right.
pub fn unused_root_keys_hint(full: i64) -> String {
    match full {
        0 => "Revoke what nobody needs.".to_owned(),
        1 => "One of them has every right.".to_owned(),
        full => format!("{} of them have every right.", exact(full)),
    }
}

fn keys(number: i64, or_more: bool) -> String {
    if or_more { format!("{} or more keys", exact(number)) } else { count(number, "key") }
}

fn were(number: i64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}

pub const NO_VERIFICATION_IN_THIS_SPAN: &str = "no verification in this span";
pub const VERSION: &str = "Version";
pub const DATABASE: &str = "Database";
pub const STARTED: &str = "Started";
pub const VERIFY_P50_P99: &str = "Verify, p50 / p99";
pub const EVENT_QUEUE: &str = "Event queue";
pub const LAST_BACKUP: &str = "Last backup";
pub const EVENTS_ON_DISK: &str = "Events on disk";
pub const EVERYTHING_ELSE_ON_DISK: &str = "Everything else on disk";
pub const NO_BACKUPS_PLANNED: &str = "none are planned";
pub const NO_BACKUP_YET: &str = "none yet";
pub const UP_TO_DATE: &str = "up to date";
pub const BEING_BUILT_AGAIN: &str = "being built again";

pub const QUEUE_IS_EMPTY: &str = "empty";

pub fn percentiles(p50: &str, p99: &str) -> String {
    format!("{p50} / {p99}")
}

pub fn events_wait(number: i64) -> String {
    format!("{} wait", exact(number))
}

pub fn batches_to_go(number: i64) -> String {
    format!("{} batches to go", exact(number))
}

pub const FIRST_STEPS_TAKE_AN_ADMIN: &str = "The first steps make a root key, which takes the role admin.";
pub const TO_THE_OVERVIEW: &str = "To the overview";
pub const FIRST_STEPS: &str = "First steps";
pub const NOT_WITH_YOUR_ROLE: &str = "Not with your role";
pub const PROTECT_AN_API: &str = "Protect an API";
pub const PROTECT_AN_API_HINT: &str =
    "Issue keys to your users and verify each request with one call: limits, permissions, credits.";
pub const LIMIT_A_RATE: &str = "Limit a rate";
pub const LIMIT_A_RATE_HINT: &str =
    "Count requests of anything that has a name: a user, an address, a tenant. No keys needed.";
pub const SKIP_TO_THE_DASHBOARD: &str = "Skip, show me the dashboard";
pub const WHAT_TO_DO_FIRST: &str = "What do you want to do first?";
pub const NAME_THE_API: &str = "Name the API";
pub const NAME_THE_NAMESPACE: &str = "Name the namespace";
pub const RUN_ONE_COMMAND: &str = "Run one command";
pub const SEE_IT_ARRIVE: &str = "See it arrive";
pub const NAME_OF_THE_API: &str = "Name of the API";
pub const NAME_OF_THE_API_HELP: &str = "Keys belong to an API. Name it after the service they open.";
pub const NAME_OF_THE_NAMESPACE: &str = "Name of the namespace";
pub const NAME_OF_THE_NAMESPACE_HELP: &str = "Limits of one kind share a namespace, such as login.";
pub const CREATE_HINT: &str = "Makes it and a root key that may call it.";
pub const NAME_IT: &str = "Name it";
pub const LOOK_AGAIN: &str = "Look again";
pub const WAITING_FOR_A_REQUEST: &str =
    "Waiting for the first request. This page notices by itself, or look again.";
pub const IT_WORKS: &str = "It works";
pub const IT_WORKS_HINT: &str = "Your first request arrived and was answered.";
pub const VERIFY_THE_FIRST_KEY: &str = "Verify the first key";
pub const MAKE_ANOTHER_KEY: &str = "Make another key";
pub const FIVE_REQUESTS_A_MINUTE: &str = "Five requests a minute";
pub const NAME_OF_THE_FIRST_KEY: &str = "First key";
pub const NAME_IS_RESERVED: &str = "A deleted namespace had this name, which stays reserved.";

pub fn key_was_verified(outcome: &str, took: &str) -> String {
    format!("The key was verified: {outcome}, in {took}")
}

pub fn was_limited(identifier: &str, passed: bool, remaining: u64, limit: u64) -> String {
    let verdict = if passed { "passed" } else { "was blocked" };
    format!("{identifier} {verdict}, {remaining} of {limit} left")
}
