//! Texts of APIs: the list, one API with its keys in use, and its settings.

use crate::number::{count, exact};

pub const NEW_API: &str = "New API";
pub const NO_API_MATCHES: &str = "No API matches";
pub const TRY_FEWER_LETTERS: &str = "Try fewer letters, or its id.";
pub const NOUN_API: &str = "API";
pub const OR_FROM_A_SHELL: &str = "Or from a shell";
pub const NO_API_YET: &str = "No API yet";
pub const NO_API_YET_HINT: &str =
    "An API is a set of keys that open the same service. Make one, then give its keys to your users.";
pub const NAME_HELP: &str = "Name it after the service its keys open. It can be changed later.";
pub const CREATE_API: &str = "Create API";
pub const NAME_OR_ID: &str = "Name or id";

pub const VALID_REQUESTS: &str = "valid";
pub const DENIED_REQUESTS: &str = "denied";

pub fn keys_counted(number: i64) -> String {
    count(number, NOUN_KEY)
}

pub fn created_api(name: &str) -> String {
    format!("Created API {name}.")
}

pub const ACTIVE_IN_THIS_SPAN: &str = "Active in this span";
pub const TOO_MANY: &str = "too many";
pub const ORDER_IS_APPROXIMATE: &str = "The order is approximate: so many keys are nearly as active.";
pub const VALID: &str = "Valid";
pub const DENIED: &str = "Denied";
pub const MAIN_REASON: &str = "Main reason";
pub const KEYS_USED_IN_THIS_SPAN: &str = "Keys used in this span";
pub const DELETED: &str = "deleted";
pub const NO_KEY_MATCHES: &str = "No key matches";
pub const CHANGE_FILTERS_OR_SPAN: &str = "Change the filters or look at a longer span.";
pub const NO_REQUEST_IN_THIS_SPAN: &str = "No request in this span";
pub const NO_REQUEST_IN_THIS_SPAN_HINT: &str = "Verifications of this API's keys show here as they arrive.";
pub const VERIFY_A_KEY: &str = "Verify a key";
pub const ACTIVE_KEYS: &str = "Active keys";
pub const SEARCH_KEY_IDENTITY_OR_TAG: &str = "Key, identity or tag";
pub const KEY_PLACEHOLDER: &str = "key id";
pub const IDENTITY_PLACEHOLDER: &str = "external id or id";
pub const TAG: &str = "Tag";

/// What a row of the table is, counted below it.
pub const NOUN_KEY: &str = "key";
pub const ACTIVE_KEYS_LINE: &str = "keys";

/// `3.1% of 1,204`.
pub fn share_of(share: &str, requests: i64) -> String {
    format!("{share} of {}", exact(requests))
}

pub const API_ID: &str = "API id";
pub const KEYSPACE_ID: &str = "Keyspace id";
pub const IDENTIFIERS: &str = "Identifiers";
pub const PREFIX_OF_NEW_KEYS: &str = "Prefix of new keys";
pub const RANDOM_BYTES_OF_NEW_KEYS: &str = "Random bytes of new keys";
pub const KEYS_MAY_BE_USED_FROM: &str = "Keys may be used from";
pub const RECOVERABLE_KEYS: &str = "Recoverable keys";
pub const DELETE_PROTECTION: &str = "Delete protection";
pub const PREFIX_HELP: &str = "Used where a key is made without one.";
pub const BYTES: &str = "bytes";
pub const RANDOM_BYTES_HELP: &str = "16 to 255.";
pub const ADDRESSES_HELP: &str =
    "One a line, IPv4 or IPv6. Keys used from elsewhere are refused as FORBIDDEN. Empty allows any.";
pub const WHERE_KEYS_MAY_BE_USED: &str = "Where keys may be used";
pub const RECOVERABLE_HELP: &str = "Keeps secrets of keys made from now on encrypted under the master key. Whoever may decrypt can read them again; each reading is audited.";
pub const KEEP_RECOVERABLE_KEYS: &str = "Keep recoverable keys";
pub const RECOVERY: &str = "Recovery";
pub const REMOVE_DELETE_PROTECTION: &str = "Remove delete protection";
pub const PROTECT_FROM_DELETION: &str = "Protect from deletion";
pub const REMOVE_PROTECTION_CONSEQUENCE: &str = "The API can be deleted again, here and over the API.";
pub const PROTECT_CONSEQUENCE: &str =
    "Refuses to delete the API, here and over the API. Its keys can still be deleted.";
pub const REMOVE_PROTECTION: &str = "Remove protection";
pub const PROTECT: &str = "Protect";
pub const DELETE_THIS_API: &str = "Delete this API";
pub const DELETE_API: &str = "Delete API";
pub const REMOVE_THE_PROTECTION_FIRST: &str = "It is protected from deletion. Remove the protection first.";

pub const ANYWHERE: &str = "anywhere";
pub const ON: &str = "on";
pub const OFF: &str = "off";
pub const THIS_IS_NOT_ITS_NAME: &str = "This is not its name.";

pub fn delete_consequence(keys: i64) -> String {
    format!("Deletes it with its {}. Requests with them are refused at once.", count(keys, NOUN_KEY))
}

pub fn saved_api(name: &str) -> String {
    format!("Saved {name}.")
}

pub fn deleted_api(name: &str) -> String {
    format!("Deleted API {name}.")
}
