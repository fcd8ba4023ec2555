//! Texts of work on many rows: changes of many keys, exports, imports, and jobs.

use crate::number::{count, exact};

pub const RUNS_IN_THE_BACKGROUND: &str = "Runs in the background. Each key gets a result you can download.";
pub const KEYS_THAT_WOULD_CHANGE: &str = "Keys that would change";
pub const SAMPLE: &str = "Sample";
pub const DELETE_CONSEQUENCE: &str =
    "Requests with these keys are refused at once. The job can be taken back for a while.";
pub const DISABLE_CONSEQUENCE: &str = "Requests with these keys are refused until they are enabled again.";
pub const CREDITS_CONSEQUENCE: &str =
    "Replaces what is left of the credits of every key. Refills stay as they are.";
pub const ADD_CREDITS_CONSEQUENCE: &str = "Keys with unlimited credits have none to add to: these rows fail.";
pub const ADD_ROLES_CONSEQUENCE: &str = "Every key keeps the roles it has.";
pub const ADD_PERMISSIONS_CONSEQUENCE: &str =
    "Every key keeps the permissions it has. Slugs that are not known yet are made.";
pub const LIMITS_CONSEQUENCE: &str = "Replaces the rate limits of every key.";
pub const META_CONSEQUENCE: &str =
    "Fields given here are set on every key; others stay. A field with null is removed.";
pub const TOO_MANY_TO_COUNT: &str =
    "There are too many keys to count them while you wait. The job finds every one that matches.";
pub const UNLIMITED: &str = "Unlimited";
pub const UNLIMITED_HELP: &str = "Without it a number is needed.";
pub const CREDITS_TO_ADD: &str = "Credits to add";
pub const NO_LIMITS: &str = "No limits";
pub const NO_LIMITS_HELP: &str = "Removes those there are. Without it a limit is needed.";
pub const OTHER_ROLES: &str = "Other roles";
pub const OTHER_PERMISSIONS: &str = "Other permissions";
pub const EXTERNAL_ID: &str = "External id";
pub const EMPTY_TO_DETACH: &str = "Empty to detach.";
pub const ONE_A_LINE: &str = "One a line.";
pub const CHOOSE_THE_KEYS_FIRST: &str = "Choose the keys first.";
pub const NO_SUCH_ACT: &str = "There is no such act on many keys.";
pub const THE_JOB_STARTED: &str = "Started.";
pub const NO_KEY_WAS_CHOSEN: &str = "No key was chosen.";
pub const HOW_MANY: &str = "How many?";
pub const HOW_MANY_OR_UNLIMITED: &str = "How many? Or tick that they are unlimited.";
pub const EITHER_CREDITS_OR_NO_BOUND: &str = "Either credits or no bound.";
pub const WHEN: &str = "When?";
pub const LIMIT_OR_NO_LIMITS: &str = "Fill in a limit, or tick this to remove all there are.";
pub const EITHER_LIMITS_OR_NONE: &str = "Either limits or none.";

/// In place of the name of an act that is none.
pub const CHANGE: &str = "Change";
/// What is typed to delete keys whose number is not known.
pub const ALL_OF_THEM: &str = "all";

/// The name of an act, and how many keys it is on.
pub fn act_on_keys(act: &str, or_more: bool, keys: i64) -> String {
    format!("{act}: {}{}", at_least(or_more), count(keys, "key"))
}

pub fn and_more(or_more: bool, keys: i64) -> String {
    format!("and {}{} more", at_least(or_more), exact(keys))
}

fn at_least(or_more: bool) -> &'static str {
    if or_more { "at least " } else { "" }
}

/// How many keys, or [`ALL_OF_THEM`].
pub fn type_to_confirm(answer: &str) -> String {
    format!("Type {answer} to confirm")
}

pub fn this_is_not(answer: &str) -> String {
    format!("This is not {answer}.")
}

pub const WHAT_TO_EXPORT: &str = "What to export";
pub const EXPORTS_TAKE_AN_ADMIN: &str = "Exports take the role admin or owner.";
pub const NO_SECRETS_IN_EXPORTS: &str =
    "Secrets and hashes are in no export. A spreadsheet shows every cell of the CSV as text.";
pub const CSV: &str = "CSV";
pub const JSON_ONE_OBJECT_A_LINE: &str = "JSON, one object a line";
pub const DOWNLOAD: &str = "Download";
pub const START_OVER: &str = "Start over";
pub const FORMAT: &str = "Format";
pub const THE_EXPORT_IS_IN_THE_AUDIT_LOG: &str = "The export is in the audit log.";
pub const OVERRIDES_OF_WHICH_NAMESPACE: &str = "Overrides of which namespace?";
pub const RATE_LIMIT_DECISIONS: &str = "Rate-limit decisions";
pub const LAST_HOUR: &str = "Last hour";
pub const LAST_24_HOURS: &str = "Last 24 hours";
pub const LAST_7_DAYS: &str = "Last 7 days";
pub const LAST_30_DAYS: &str = "Last 30 days";
pub const LAST_90_DAYS: &str = "Last 90 days";
pub const LAST_400_DAYS: &str = "Last 400 days";
pub const FILTER_HELP: &str = "As in the list of keys: status:expired last_used:>90d. Empty for all.";
pub const SEARCH_IDENTITIES_HELP: &str = "Part of the external id or the id. Empty for all.";
pub const NAMESPACE_HELP: &str = "Its name or id.";
pub const KEY_ID: &str = "Key id";
pub const OUTCOME_HELP: &str = "Such as VALID or RATE_LIMITED.";
pub const TAG: &str = "Tag";
pub const NAMESPACE_ID: &str = "Namespace id";
pub const IDENTIFIER: &str = "Identifier";
pub const SEARCH_REQUESTS_HELP: &str = "Words of what is logged, or ids.";
pub const PATH_HELP: &str = "Such as /v2/keys.verifyKey.";
pub const STATUS_HELP: &str = "Such as 404.";
pub const ROOT_KEY_ID: &str = "Root key id";
pub const ALL_THERE_IS: &str = "All there is";
pub const SEARCH_AUDIT_HELP: &str = "Words of descriptions, names and changed values.";
pub const EVENT_HELP: &str = "Such as key.create, or key.* for all of keys.";
pub const ACTOR_ID_HELP: &str = "Of whoever acted.";

pub const IMPORT: &str = "Import";
pub const ROLE_MAY_NOT_START_JOBS: &str = "Your role here may look at jobs, not start any.";
pub const UNKNOWN_COLUMNS_ARE_REFUSED: &str = "Unknown columns are refused, so that no setting is lost silently. A file that was exported here can be brought back as it is, but for keys: an export has no hashes.";
pub const NO_KEYS_IN_THE_FILE: &str = "None: the file holds no keys";
pub const DECIDED_BY_THE_FILE_NAME: &str = "Decided by the file name";
pub const CSV_WITH_A_HEADER_LINE: &str = "CSV with a header line";
pub const WHAT: &str = "What";
pub const API_OF_THE_KEYS: &str = "API of the keys";
pub const FILE: &str = "File";
pub const EVERY_LINE_IS_READ_FIRST: &str = "Every line is read first: a file with a line that cannot be read changes nothing. Then it runs in the background.";
pub const FAULTS: &str = "Faults";
pub const PLACE: &str = "Place";
pub const FAULT: &str = "Fault";
pub const FAULTS_OF_THE_FILE: &str = "Faults of the file";
pub const NOTHING_WAS_IMPORTED: &str = "Nothing was imported. These are the first faults.";
pub const HOLDS: &str = "Holds";
pub const JSON_LINES: &str = "JSON lines";
pub const CHOOSE_A_FILE: &str = "Choose a file.";
pub const KEYS_NEED_AN_API: &str = "Keys need an API.";
pub const CHOOSE_WHAT_THE_FILE_HOLDS: &str = "Choose what the file holds.";
pub const COLUMN_HASH: &str = "SHA-256 of the key in base64. This, or key, is required.";
pub const COLUMN_KEY: &str =
    "The key itself, hashed as it is read. Nothing else of it is kept but its start.";
pub const COLUMN_START: &str = "What stays readable of the key, such as sk_a.";
pub const COLUMN_EXTERNAL_ID: &str = "Your id of whom it belongs to; the identity is made if there is none.";
pub const COLUMN_OWNER_ID: &str = "The owner of v1.";
pub const COLUMN_ENABLED: &str = "true or false; true when empty.";
pub const COLUMN_ROLES: &str = "Names, with semicolons between; in JSON a list.";
pub const COLUMN_PERMISSIONS: &str = "Slugs, with semicolons between; in JSON a list.";
pub const COLUMN_CREDITS: &str = "How many are left; unlimited when empty.";
pub const COLUMN_REFILL_INTERVAL: &str = "daily or monthly.";
pub const COLUMN_REFILL_DAY: &str = "Of the month, 1 to 31.";
pub const COLUMN_LIMITS: &str = "JSON: a list of objects with name, limit, duration in milliseconds and, if it always applies, autoApply.";
pub const COLUMN_META: &str = "JSON: an object.";
pub const COLUMN_EXPIRES: &str = "RFC 3339, or milliseconds since 1970; in JSON milliseconds only.";
pub const COLUMN_IS_REQUIRED: &str = "Required.";
pub const COLUMN_MONTHLY_CREDITS: &str = "What all its keys may spend in a month; no cap when empty.";
pub const COLUMN_NAME: &str = "The slug when empty.";

pub const REQUIRED: &str = "required";

/// What a file holds, such as [`super::common::ROLES`].
pub fn columns_of(kind: &str) -> String {
    format!("Columns of {}", kind.to_lowercase())
}

pub const NO_JOB_YET_HINT: &str =
    "Imports and changes of many keys run here, can be watched, and go on after a restart.";
pub const NO_JOB_YET: &str = "No job yet";
pub const JOB: &str = "Job";
pub const DONE: &str = "Done";
pub const FAILED: &str = "Failed";
pub const STARTED: &str = "Started";
pub const BY: &str = "By";
pub const NOUN_JOB: &str = "job";
pub const FINISHED: &str = "Finished";
pub const NOT_YET: &str = "not yet";
pub const PROGRESS: &str = "Progress";
pub const COPY_JOB_ID: &str = "job id";
pub const RESULTS_AS_CSV: &str = "Results as CSV";
pub const STOP: &str = "Stop";
pub const RESTORE_THESE_KEYS: &str = "Restore these keys";
pub const WHAT_WAS_ASKED_FOR: &str = "What was asked for";
pub const ALL_ROWS: &str = "All rows";
pub const ONLY_FAILED_ROWS: &str = "Only failed rows";
pub const NO_ROW_FAILED: &str = "No row failed.";
pub const THERE_ARE_NO_ROWS_YET: &str = "There are no rows yet.";
pub const RESULTS: &str = "Results";
pub const ROW: &str = "Row";
pub const RESULT: &str = "Result";
pub const MESSAGE: &str = "Message";
pub const NOUN_ROW: &str = "row";
pub const STOPPED_BY_YOU: &str = "Stopped. What was done stays done.";
pub const STARTED_TO_RESTORE_THE_KEYS: &str = "Started to restore the keys.";
pub const THE_COMMAND_LINE: &str = "the command line";
pub const ENABLE_KEYS: &str = "Enable keys";
pub const DISABLE_KEYS: &str = "Disable keys";
pub const DELETE_KEYS: &str = "Delete keys";
pub const RESTORE_KEYS: &str = "Restore keys";
pub const SET_THE_EXPIRY_OF_KEYS: &str = "Set the expiry of keys";
pub const SET_THE_CREDITS_OF_KEYS: &str = "Set the credits of keys";
pub const ADD_CREDITS_TO_KEYS: &str = "Add credits to keys";
pub const SET_THE_LIMITS_OF_KEYS: &str = "Set the limits of keys";
pub const ADD_ROLES_TO_KEYS: &str = "Add roles to keys";
pub const REMOVE_ROLES_FROM_KEYS: &str = "Remove roles from keys";
pub const ADD_PERMISSIONS_TO_KEYS: &str = "Add permissions to keys";
pub const REMOVE_PERMISSIONS_FROM_KEYS: &str = "Remove permissions from keys";
pub const SET_THE_IDENTITY_OF_KEYS: &str = "Set the identity of keys";
pub const MERGE_METADATA_INTO_KEYS: &str = "Merge metadata into keys";
pub const IMPORT_KEYS: &str = "Import keys";
pub const IMPORT_IDENTITIES: &str = "Import identities";
pub const IMPORT_PERMISSIONS: &str = "Import permissions";
pub const IMPORT_ROLES: &str = "Import roles";
pub const FINDING_KEYS: &str = "Finding keys";
pub const FINDING_KEYS_HINT: &str = "The keys that match are being found.";
pub const RUNNING: &str = "Running";
pub const SOME_ROWS_FAILED: &str = "Some rows failed.";
pub const STOPPED: &str = "Stopped";
pub const STOPPED_HINT: &str = "Somebody stopped it. What was done stays done.";

pub const ROW_WAITS: &str = "waiting";
pub const ROW_IS_DONE: &str = "done";
pub const ROW_FAILED: &str = "failed";
