//! Words that several areas use: names of columns, buttons and states.
//!
//! Absent: whole sentences of one page, which stand in the file of its area.

use std::fmt::Display;

// Areas and their pages

pub const APIS: &str = "APIs";
pub const IDENTITIES: &str = "Identities";
pub const RATE_LIMITS: &str = "Rate limits";
pub const ROLES: &str = "Roles";
pub const PERMISSIONS: &str = "Permissions";
pub const ROLES_AND_PERMISSIONS: &str = "Roles and permissions";
pub const REQUESTS: &str = "Requests";
pub const AUDIT_LOG: &str = "Audit log";
pub const EXPLAIN: &str = "Explain";
pub const QUERY: &str = "Query";
pub const ROOT_KEYS: &str = "Root keys";
pub const JOBS: &str = "Jobs";
pub const SETTINGS: &str = "Settings";
pub const PORTAL: &str = "Portal";
pub const OVERVIEW: &str = "Overview";
pub const USAGE: &str = "Usage";
pub const LOGS: &str = "Logs";
pub const OVERRIDES: &str = "Overrides";
pub const SECURITY: &str = "Security";
pub const SESSIONS: &str = "Sessions";
pub const AI_TOOLS: &str = "AI tools";
pub const GENERAL: &str = "General";
pub const THIS_SERVER: &str = "This server";
pub const DANGER_ZONE: &str = "Danger zone";
pub const DOCUMENTATION: &str = "Documentation";
pub const PREVIEW: &str = "Preview";

// What there is

pub const API: &str = "API";
pub const KEY: &str = "Key";
pub const KEYS: &str = "Keys";
pub const NAMESPACE: &str = "Namespace";
pub const WORKSPACE: &str = "Workspace";
pub const IDENTITY: &str = "Identity";
pub const ROLE: &str = "Role";
pub const ROOT_KEY: &str = "Root key";
pub const ROOT_KEY_AS_ACTOR: &str = "root key";
pub const REQUEST: &str = "Request";
pub const EVERYTHING: &str = "Everything";
pub const ALL: &str = "All";
pub const YOU: &str = "You";
pub const COLUMN: &str = "Column";
pub const API_ID_TO_COPY: &str = "API id";

// Columns, facts and fields

pub const NAME: &str = "Name";
pub const SLUG: &str = "Slug";
pub const ID: &str = "Id";
pub const KIND: &str = "Kind";
pub const VALUE: &str = "Value";
pub const STATE: &str = "State";
pub const STATUS: &str = "Status";
pub const DESCRIPTION: &str = "Description";
pub const TAGS: &str = "Tags";
pub const TIME: &str = "Time";
pub const CREATED: &str = "Created";
pub const CREATED_BY: &str = "Created by";
pub const CHANGED: &str = "Changed";
pub const CHANGES: &str = "Changes";
pub const LAST_USED: &str = "Last used";
pub const LAST_SEEN: &str = "Last seen";
pub const EXPIRES: &str = "Expires";
pub const EXPIRY: &str = "Expiry";
pub const EVENT: &str = "Event";
pub const ACTOR: &str = "Actor";
pub const ACTOR_ID: &str = "Actor id";
pub const WHO: &str = "Who";
pub const OUTCOME: &str = "Outcome";
pub const REASON: &str = "Reason";
pub const SOURCE: &str = "Source";
pub const SOURCE_ADDRESS: &str = "Source address";
pub const INTERFACE: &str = "Interface";
pub const USER_AGENT: &str = "User agent";
pub const REQUEST_ID: &str = "Request id";
pub const PATH: &str = "Path";
pub const DURATION: &str = "Duration";
pub const LIMIT: &str = "Limit";
pub const EVERY: &str = "Every";
pub const COST: &str = "Cost";
pub const CREDITS: &str = "Credits";
pub const CREDITS_SPENT: &str = "Credits spent";
pub const CREDITS_LEFT: &str = "Credits left";
pub const SPENT_THIS_MONTH: &str = "Spent this month";
pub const SPEND_CAP: &str = "Spend cap";
pub const REQUESTS_A_MINUTE: &str = "Requests a minute";
pub const REQUESTS_A_MINUTE_HINT: &str = "Empty for unlimited.";
pub const BOUNDS: &str = "Bounds";
pub const BOUNDS_HINT: &str = "Where from and how often it may be used.";
pub const ADDRESSES_AND_NETWORKS: &str = "Addresses and networks";
pub const TIME_ZONE: &str = "Time zone";
pub const FACTS: &str = "Facts";
pub const VERIFICATIONS: &str = "Verifications";
pub const LOGGED_REQUESTS: &str = "Logged requests";
pub const LATEST_REQUESTS: &str = "Latest requests";
pub const TEMPLATES: &str = "Templates";

// States

pub const ACTIVE: &str = "Active";
pub const ENABLED: &str = "Enabled";
pub const DISABLED: &str = "Disabled";
pub const DELETED: &str = "Deleted";
pub const EXPIRED: &str = "Expired";
pub const EXPIRES_SOON: &str = "Expires soon";
pub const ACCEPTED: &str = "Accepted";
pub const REFUSED: &str = "Refused";
pub const CREDITS_DID_NOT_SUFFICE: &str = "The credits did not suffice.";

// Instead of a value

pub const NONE: &str = "none";
pub const NOT_SET: &str = "not set";
pub const NEVER: &str = "never";
pub const UNKNOWN: &str = "unknown";
pub const UNLIMITED: &str = "unlimited";
pub const YES: &str = "yes";
pub const NO: &str = "no";

// People and signing in

pub const SIGN_IN: &str = "Sign in";
pub const E_MAIL: &str = "E-mail";
pub const PASSWORD: &str = "Password";
pub const YOUR_NAME: &str = "Your name";
pub const CODE: &str = "Code";
pub const SECRET: &str = "Secret";
pub const SECOND_FACTOR: &str = "Second factor";

pub fn at_least_characters(count: impl Display) -> String {
    format!("At least {count} characters.")
}

// Buttons and links

pub const SAVE: &str = "Save";
pub const SAVE_CHANGES: &str = "Save changes";
pub const CREATE: &str = "Create";
pub const EDIT: &str = "Edit";
pub const ROTATE: &str = "Rotate";
pub const ENABLE: &str = "Enable";
pub const DISABLE: &str = "Disable";
pub const DELETE: &str = "Delete";
pub const CANCEL: &str = "Cancel";
pub const CONTINUE: &str = "Continue";
pub const APPLY: &str = "Apply";
pub const FILTER: &str = "Filter";
pub const SEARCH: &str = "Search";
pub const SEARCH_EVERYTHING: &str = "Search everything";
pub const EXPORT: &str = "Export";
pub const CHOOSE: &str = "Choose";
pub const NEW_KEY: &str = "New key";
pub const NEW_ROOT_KEY: &str = "New root key";
pub const NEW_WORKSPACE: &str = "New workspace";
pub const CREATE_WORKSPACE: &str = "Create workspace";
pub const SHARE_WITH_THE_WORKSPACE: &str = "Share with the workspace";
pub const ONE_TIME_LINK: &str = "One-time link";
pub const BACK_TO_THE_SITE: &str = "Back to the site";

// Filters and empty lists

pub const FILTERS_IN_FORCE: &str = "Filters in force";
pub const NO_REQUEST_HERE: &str = "No request here";

// About forms

pub const TAKES_EFFECT_WITH_NEXT_REQUEST: &str = "Takes effect with the next request.";
pub const CHOOSE_ONE_OF_THE_LIST: &str = "Choose one of the list.";
pub const SAVED: &str = "Saved.";

pub fn ended(sessions: impl Display) -> String {
    format!("Ended {sessions}.")
}
