//! Texts of the settings of a workspace and of its server. Absent: names of settings and
//! commands, which are the same in every language.

use std::fmt::Display;

// Tabs

pub const TEAM: &str = "Team";
pub const RETENTION: &str = "Retention";
pub const ADDRESSES: &str = "Addresses";
pub const V1_API: &str = "v1 API";
pub const MIGRATIONS: &str = "Migrations";
pub const DOCTOR: &str = "Doctor";

// General

pub const SLUG_HINT: &str = "Names the workspace on the command line.";
pub const WORKSPACE_ID: &str = "Workspace id";
pub const WORKSPACE_ID_TO_COPY: &str = "workspace id";
pub const YOUR_ROLE: &str = "Your role";
pub const API_REQUESTS_A_MINUTE: &str = "API requests a minute";
pub const ABOUT_IT: &str = "About it";
pub const SET_WHEN_THE_SERVER_STARTS: &str = "Set by flag, environment or file when the server starts.";

// Configuration as a file

pub const DOWNLOAD_THE_DOCUMENT: &str = "Download";
pub const APPLY_A_DOCUMENT: &str = "Apply a document";
pub const A_DOCUMENT: &str = "Document";
pub const A_DOCUMENT_HELP: &str = "YAML or JSON. What it leaves out stays as it is; null clears.";
pub const PRUNE: &str = "Delete what it does not list";
pub const PRUNE_HELP: &str = "In each section that the document has. An API is deleted with its keys and its portal, unless it is protected.";
pub const SHOW_THE_PLAN: &str = "Show the plan";
pub const A_PLAN_CHANGES_NOTHING: &str = "A plan changes nothing.";
pub const THE_PLAN: &str = "Plan";
pub const NOTHING_DIFFERS: &str = "Nothing differs.";
pub const ALL_OR_NOTHING: &str = "All of them, or none.";
pub const WHAT_THERE_IS: &str = "What there is";
pub const WHAT_IS_NOT_IN_IT: &str =
    "Keys, identities and root keys are not part of it, nor are overrides that end.";
pub const ANOTHER_PLAN: &str =
    "Something was changed since the plan was shown. This is what would change now.";

pub fn apply_changes(count: usize) -> String {
    if count == 1 { "Apply 1 change".to_owned() } else { format!("Apply {count} changes") }
}

pub fn changes_were_made(count: usize) -> String {
    match count {
        0 => NOTHING_DIFFERS.to_owned(),
        1 => "1 change was made.".to_owned(),
        count => format!("{count} changes were made."),
    }
}

// A new workspace

pub const NEW_SLUG_HINT: &str = "3 to 64 characters of a-z, 0-9 and -. Names it on the command line.";
pub const YOU_BECOME_ITS_OWNER: &str = "You become its owner. Nobody else is in it.";

// Team

pub const VIEWER: &str = "Viewer: looks, changes nothing";
pub const OPERATOR: &str = "Operator: keys, limits, identities, permissions";
pub const ADMIN: &str = "Admin: people, root keys and settings as well";
pub const OWNER: &str = "Owner: everything, and the end of the workspace";
pub const SEND_THIS_LINK_YOURSELF: &str =
    "Send this link yourself: it is shown once and works once, for 72 hours.";
pub const INVITATION_LINK: &str = "Invitation link";

pub fn role_was_changed(email: impl Display, role: impl Display, chosen: impl Display) -> String {
    format!(
        "{email} is {role} by now: somebody changed the role since you opened this page. Nothing was \
        saved. Set {chosen} again to replace it."
    )
}

pub const MEMBERS: &str = "Members";
pub const INVITED: &str = "Invited";
pub const YOU: &str = "you";
pub const ON: &str = "on";
pub const OFF: &str = "off";
pub const END_SESSIONS: &str = "End sessions";

pub fn role_of(email: impl Display) -> String {
    format!("Role of {email}")
}

pub const SET: &str = "Set";
pub const INVITED_EMAIL_HINT: &str = "Only this address may accept.";
pub const NO_MAIL_IS_SENT: &str = "Makes a link for you to send; no mail is sent.";
pub const INVITE: &str = "Invite";
pub const INVITE_SOMEBODY: &str = "Invite somebody";
pub const INVITED_BY: &str = "Invited by";
pub const REVOKE: &str = "Revoke";
pub const INVITATION_EXPIRED: &str = "expired";
pub const WHOEVER_HAS_THE_LINK: &str = "whoever has the link";
pub const INVITATIONS: &str = "Invitations";
pub const LEAVE_THE_WORKSPACE: &str = "Leave the workspace";
pub const LEAVE_CONSEQUENCE: &str = "You lose your role in this workspace; your account stays.";
pub const LEAVE: &str = "Leave";
pub const REMOVE_A_MEMBER: &str = "Remove a member";

pub fn remove_consequence(email: impl Display) -> String {
    format!("{email} loses their role in this workspace at once.")
}

pub const REMOVE: &str = "Remove";

// Retention

pub const NO_CAP: &str = "no cap";
pub const EVENTS_MAY_TAKE: &str = "Events may take";
pub const EVENTS: &str = "Events";
pub const OLDEST_EVENT: &str = "Oldest event";
pub const DROPPED_FOR_THEIR_SIZE: &str = "Dropped for their size";
pub const RETENTION_HINT: &str = "Set when the server starts: events_max_mib caps the space of events, the \
    oldest go first; request_log says which requests are remembered.";
pub const WHAT_IS_KEPT: &str = "What is kept";
pub const CONFIGURATION: &str = "Configuration";
pub const SPACE_IN_USE: &str = "Space in use";

// Addresses

pub const PUBLIC_ADDRESS: &str = "Public address";
pub const LINKS_LEAD_TO: &str = "Links lead to";
pub const LISTENS_ON: &str = "Listens on";
pub const CERTIFICATE: &str = "Certificate";
pub const NONE_PLAIN_HTTP: &str = "none: plain HTTP";
pub const METRICS: &str = "Metrics";
pub const TRUSTED_PROXIES: &str = "Trusted proxies";
pub const YOUR_ADDRESS_AS_SEEN_HERE: &str = "Your address, as seen here";

pub fn no_new_certificate(failure: impl Display) -> String {
    format!("There is no new certificate: {failure}.")
}

pub const WITHOUT_PUBLIC_URL: &str =
    "Without UNKEY_PUBLIC_URL, links in invitations and portals name the address the server listens on.";
pub const BEHIND_A_PROXY: &str = "Behind a proxy, every client has the proxy's address until \
    UNKEY_TRUSTED_PROXIES names it: if your address above is not yours, set it.";
pub const CLIENTS_OF_THESE_PROXIES: &str = "Clients of these proxies are known by the address the proxy \
    forwards. If your address above is not yours, one of the proxies is missing.";
pub const HTTPS: &str = "HTTPS";
pub const LINK_BEHIND_A_REVERSE_PROXY: &str = "Behind a reverse proxy";

// The v1 API

pub const V1_ON: &str =
    "As its clients expect: verifying a key needs no root key, so unknown keys have a budget per address.";
pub const V1_NEEDS_ROOT_KEY: &str = "Clients that verify keys without a root key are refused.";
pub const V1_OFF: &str = "Every call is refused with a pointer to v2.";

pub fn v1_budget_of_unknown_keys(budget: impl Display) -> String {
    format!("An address may verify {budget} unknown keys a minute (v1_unknown_keys_per_minute).")
}

pub const V1_SET_BY: &str =
    "Set by the setting v1 when the server starts: on, off, or verify-needs-root-key.";
pub const FROM_V1_TO_V2: &str = "From v1 to v2";

pub fn since_the_start(when: impl Display) -> String {
    format!("since the start {when}")
}

pub const SERVED: &str = "Served";
pub const THE_REQUEST_LOG: &str = "The request log";
pub const THE_V1_API: &str = "The v1 API";
pub const WHO_STILL_USES_IT: &str = "Who still uses it";

// Migrations

pub const HASH: &str = "Hash";
pub const HOW_THE_OTHER_SYSTEM_HASHED_ITS_KEYS: &str = "How the other system hashed its keys.";
pub const STEP_MAKE_A_MIGRATION: &str =
    "Make a migration here. Its id tells the server how to recognise the keys.";
pub const STEP_SEND_THE_HASHES: &str = "Send the hashes with keys.migrateKeys.";
pub const STEP_PASS_THE_ID: &str =
    "Pass the migration id when you verify. A key becomes one of this server the first time it is used.";
pub const NEW_MIGRATION: &str = "New migration";
pub const HOW_IT_WORKS: &str = "How it works";
pub const VERIFY: &str = "Verify";
pub const NO_MIGRATION: &str = "None. Make one below when you bring keys from elsewhere.";
pub const WAITING: &str = "Waiting";
pub const MIGRATION_ID_TO_COPY: &str = "migration id";

// Doctor

pub const LOOK_THE_SERVER_OVER: &str = "Look the server over";
pub const NOT_LOOKED_OVER_SINCE_THE_START: &str = "Not looked over since the start";
pub const NOT_LOOKED_OVER_HINT: &str =
    "Reads both databases and the indexes whole, which may take some seconds.";
pub const ALL_IS_WELL: &str = "All is well";
pub const WHAT_MENDS_IS_A_COMMAND: &str = ". What mends something is a command for the shell; ";
pub const MENDS_WHAT_LOSES_NOTHING: &str = " mends what loses nothing.";
pub const CHECK: &str = "Check";
pub const FOUND: &str = "Found";
pub const FINDINGS: &str = "Findings";

// Danger zone

pub const DELETE_THE_WORKSPACE: &str = "Delete the workspace";

pub fn delete_consequence(name: impl Display, keys: impl Display) -> String {
    format!("{name} with {keys} and everything else in it stops working at once.")
}

pub const DELETE_WORKSPACE: &str = "Delete workspace";
pub const ONLY_WORKSPACE_OF_SERVER: &str = "It is the only workspace of this server.";
pub const HOW_TO_DISABLE_A_WORKSPACE: &str =
    "To stop a workspace for a while, the operator disables it: unkey workspace disable SLUG.";

// Notices of workspaces

pub fn created_the_workspace(name: impl Display) -> String {
    format!("Created the workspace {name}.")
}

pub fn deleted_the_workspace(name: impl Display) -> String {
    format!("Deleted the workspace {name}.")
}

// Notices of the team

pub const INVITE_WHOM: &str = "Whom? Only the address of an invitation may accept it.";
pub const REVOKED_THE_INVITATION: &str = "Revoked the invitation.";

pub fn set_the_role_to(role: impl Display) -> String {
    format!("Set the role to {role}.")
}

pub const NOT_THE_ADDRESS_OF_MEMBER: &str = "This is not the address of the member.";
pub const YOU_LEFT_THE_WORKSPACE: &str = "You left the workspace.";
pub const REMOVED_THE_MEMBER: &str = "Removed the member.";

// What the server says of itself

pub const BACKUPS: &str = "Backups";
pub const INDEXES: &str = "Indexes";

pub fn keys_settings_and_audit_in(database: impl Display) -> String {
    format!("Keys, settings and audit log, in {database}")
}

pub const NONE_ARE_PLANNED_HERE: &str = "none are planned here";

pub fn last_backup(
    when: impl Display,
    seconds: impl Display,
    size: impl Display,
    place: impl Display,
) -> String {
    format!("the last one was made {when} in {seconds} s, {size}, at {place}")
}

pub const NONE_WAS_MADE_YET: &str = "none was made yet";

pub fn last_try_failed(error: impl Display) -> String {
    format!("; the last try failed: {error}")
}

pub fn backups_kept(
    daily: impl Display,
    weekly: impl Display,
    monthly: impl Display,
    last: impl Display,
    failed: impl Display,
) -> String {
    format!("of {daily} days, {weekly} weeks and {monthly} months; {last}{failed}")
}

pub fn requests_kept(keep_requests_days: impl Display, percent: impl Display) -> String {
    format!("{keep_requests_days} days; of successful verifications and limit checks {percent}%")
}

pub fn failed_requests_kept(keep_requests_days: impl Display) -> String {
    format!("{keep_requests_days} days; failed ones only")
}

pub const NOT_REMEMBERED: &str = "not remembered";
pub const VERIFICATIONS_AND_DECISIONS: &str = "Verifications and rate-limit decisions";

pub fn days(keep_days: impl Display) -> String {
    format!("{keep_days} days")
}

pub const API_REQUESTS: &str = "API requests";
pub const FOR_EVER: &str = "for ever";
pub const NONE_YET: &str = "none yet";

pub fn good_certificate(validity: impl Display) -> String {
    format!("good {validity}")
}

pub const ALGORITHM_SHA256: &str = "SHA-256 of the key, as this server keeps its own";

pub fn created_the_migration(id: impl Display) -> String {
    format!("Created the migration {id}.")
}
