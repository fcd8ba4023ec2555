//! Texts of identities: the list, the form, one identity with its log, and its bill.

pub const NEW_IDENTITY: &str = "New identity";
pub const NO_IDENTITY_YET: &str = "No identity yet";
pub const NO_IDENTITY_YET_HINT: &str = "An identity is a user or a team of yours, by your own id. Keys of one identity share limits and metadata.";
pub const MAKE_ONE: &str = "Make one";
pub const NO_IDENTITY_MATCHES: &str = "No identity matches";
pub const NO_IDENTITY_MATCHES_HINT: &str = "Search by external id or id.";
pub const NOUN_IDENTITY: &str = "identity";
pub const EXTERNAL_ID: &str = "External id";
pub const EXTERNAL_ID_HELP: &str = "Your own id of the user or team. It cannot be changed later.";
pub const JSON_OBJECT: &str = "JSON object";
pub const EDIT_IDENTITY: &str = "Edit identity";
pub const CREATE_IDENTITY: &str = "Create identity";
pub const RATE_LIMITS_HINT: &str = "Shared by all its keys. A key's own limit of the same name comes first.";
pub const SPEND_CAP_HINT: &str =
    "What all its keys together may spend in a calendar month (UTC). When it is spent, requests are refused.";
pub const CREDITS_A_MONTH: &str = "Credits a month";
pub const CREDITS_A_MONTH_HELP: &str =
    "Empty for no cap. A verification costs 1 unless it says otherwise, of keys with unlimited credits too.";
pub const METADATA: &str = "Metadata";
pub const METADATA_HINT: &str = "Returned with every verification of its keys.";
pub const DELETE_THIS_IDENTITY: &str = "Delete this identity";
pub const DELETE_IDENTITY: &str = "Delete identity";
pub const EXTERNAL_ID_OR_ID: &str = "External id or id";

/// What stays behind when an identity is deleted.
pub const NOUN_KEY: &str = "key";

/// `500+ keys`, and whether it is one alone.
pub fn delete_consequence(keys: &str, is_one: bool) -> String {
    let stay = if is_one { "stays and works" } else { "stay and work" };
    format!("Its limits, spend cap and metadata go. {keys} of it {stay} without it.")
}

pub fn created_identity(external_id: &str) -> String {
    format!("Created identity {external_id}.")
}

pub fn saved_identity(external_id: &str) -> String {
    format!("Saved identity {external_id}.")
}

pub fn deleted_identity(external_id: &str) -> String {
    format!("Deleted identity {external_id}.")
}

pub const NO_KEY_YET: &str = "No key yet";
pub const NO_KEY_YET_HINT: &str = "Make a key with this external id and it shows here.";
pub const KEYS_OF_THIS_IDENTITY: &str = "Keys of this identity";
pub const NO_REQUEST_IN_THIS_SPAN: &str = "No request in this span";
pub const NO_REQUEST_IN_THIS_SPAN_HINT: &str = "Requests with any of its keys show here.";
pub const NOUN_REQUEST: &str = "request";
pub const COPY_EXTERNAL_ID: &str = "external id";
pub const SHARED_RATE_LIMITS: &str = "Shared rate limits";
pub const COPY_IDENTITY_ID: &str = "identity id";
pub const KEY_ID: &str = "Key id";
pub const TAG: &str = "Tag";
pub const TAG_PLACEHOLDER: &str = "env=prod, exactly";
pub const REQUEST_ID_TAG_OR_SOURCE: &str = "Request id, tag or source";

pub const EARLIER: &str = "Earlier";
pub const LATER: &str = "Later";
pub const NOTHING_IS_KEPT_HINT: &str =
    "Requests of that time were removed since. What was used then is not known any more.";
pub const NOTHING_IS_KEPT_OF_THIS_MONTH: &str = "Nothing is kept of this month";
pub const BILL_AS_CSV: &str = "Bill as CSV";
pub const NOTHING_WAS_USED_HINT: &str =
    "Verifications of any of its keys are counted here, from the first to the last of the month in UTC.";
pub const NOTHING_WAS_USED_IN_THIS_MONTH: &str = "Nothing was used in this month";
pub const THE_BILL_IN_SQL: &str = "The bill in SQL, for the page Query";
pub const THE_SAME_AT_THE_COMMAND_LINE: &str = "The same at the command line";
pub const MONTHS_ARE_THOSE_OF_UTC: &str =
    "Months are those of UTC. Unknown keys belong to nobody and are not in it.";
pub const KEYS_OF_THE_CUSTOMER: &str = "Keys of the customer";
pub const THESE_ARE_THE_BUSIEST: &str = "These are the busiest. The file has all of them.";
pub const A_MONTH_IS: &str = "A month is a year and a month until now, such as 2026-11.";

/// `6 November 2025`.
pub fn from_a_day_on(day: &str) -> String {
    format!("From {day} on: the rest of the month is not kept any more.")
}
