//! The one error of the domain: a code from one registry, a text the caller
//! may read, and a cause only the log may read.
//!
//! Knows no HTTP: each door maps [`Code`] to its own status and name. A denied
//! verification or an exceeded limit is not an error but an outcome.

use std::fmt;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Longest text an error tells, as JSON writes it, in bytes: texts repeat what
/// callers send, and no caller may make an answer long.
const MAX_DETAIL_BYTES: usize = 4096;

/// Faults that are listed. With [`Fault`]s cut as they are, an answer that lists
/// them all stays under 64 KiB in any envelope.
pub const MAX_FAULTS: usize = 50;

/// Longest parts of a fault, as JSON writes them, in bytes.
const MAX_FAULT_LOCATION_BYTES: usize = 256;
const MAX_FAULT_MESSAGE_BYTES: usize = 512;
const MAX_FAULT_FIX_BYTES: usize = 128;

/// Result of every fallible domain call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    detail: String,
    field: Option<Field>,
    faults: Vec<Fault>,
    retry_after_s: Option<u64>,
    used_up: Option<u64>,
    cause: Option<Cause>,
}

/// A part of the input of a domain call that a refusal may be about. A door that
/// has a form shows the refusal there; what the callers of the APIs read stays the
/// text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Addresses,
    Credits,
    Description,
    Duration,
    Environment,
    Expires,
    ExternalId,
    Identifier,
    Limit,
    LimitPerMinute,
    Meta,
    MonthlyCredits,
    Name,
    OwnerId,
    Permissions,
    Prefix,
    Query,
    RandomBytes,
    RefillAmount,
    RefillDay,
    Roles,
    Slug,
    Start,
    TimeZone,
}

impl Field {
    /// The member of a request that carries it, as the APIs spell it.
    pub const fn member(self) -> &'static str {
        match self {
            Field::Addresses => "ipWhitelist",
            Field::Credits => "remaining",
            Field::Description => "description",
            Field::Duration => "duration",
            Field::Environment => "environment",
            Field::Expires => "expires",
            Field::ExternalId => "externalId",
            Field::Identifier => "identifier",
            Field::Limit => "limit",
            Field::LimitPerMinute => "limitPerMinute",
            Field::Meta => "meta",
            Field::MonthlyCredits => "monthlyCredits",
            Field::Name => "name",
            Field::OwnerId => "ownerId",
            Field::Permissions => "permissions",
            Field::Prefix => "prefix",
            Field::Query => "query",
            Field::RandomBytes => "byteLength",
            Field::RefillAmount => "amount",
            Field::RefillDay => "refillDay",
            Field::Roles => "roles",
            Field::Slug => "slug",
            Field::Start => "start",
            Field::TimeZone => "timeZone",
        }
    }
}

/// One fault of an input, as v2 lists it in `errors[]`
/// (docs/contract/v2.md#error-envelope).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON-Schema keyword pointer or the name of a part of the request.
    pub location: String,
    pub message: String,
    pub fix: Option<String>,
}

impl Error {
    /// An error whose `detail` the caller will read, cut where it is too long to
    /// be read.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = clipped(detail.into(), MAX_DETAIL_BYTES);
        Self(Box::new(Inner {
            code,
            detail,
            field: None,
            faults: Vec::new(),
            retry_after_s: None,
            used_up: None,
            cause: None,
        }))
    }

    /// Input that breaks a rule of the domain.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput, detail)
    }

    /// An unexpected failure: the caller learns nothing but the request id.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(
            Code::Unexpected,
            "An unexpected error occurred. The server log has the details under this request id.",
        )
        .because(cause)
    }

    /// The error of a resource that is absent, foreign or hidden from the caller.
    pub fn absent(code: Code) -> Self {
        Self::new(code, code.absence())
    }

    /// Keeps `cause` for the log; it never reaches a response.
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Lists faults, the first [`MAX_FAULTS`] of them.
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.0.faults = faults.into_iter().take(MAX_FAULTS).map(Fault::clipped).collect();
        self
    }

    /// Says which part of the input is at fault.
    #[must_use]
    pub fn at(mut self, field: Field) -> Self {
        self.0.field = Some(field);
        self
    }

    /// The part of the input that is at fault, where it is one.
    pub fn field(&self) -> Option<Field> {
        self.0.field.or(match self.0.code {
            Code::IdentityExists => Some(Field::ExternalId),
            Code::RoleExists => Some(Field::Name),
            Code::PermissionExists => Some(Field::Slug),
            Code::RoleNotFound => Some(Field::Roles),
            Code::PermissionNotFound => Some(Field::Permissions),
            _ => None,
        })
    }

    /// Says where in a larger input this is about.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        let detail = format!("{place}: {}", self.0.detail);
        self.0.detail = clipped(detail, MAX_DETAIL_BYTES);
        self
    }

    /// Says when another try may succeed.
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Says that a budget of so many is used up, and when there is more of it.
    pub fn used_up(mut self, budget: u64, reset_s: u64) -> Self {
        self.0.used_up = Some(budget);
        self.retry_after_s(reset_s)
    }

    /// Seconds until another try may succeed, where that is known. What cannot be
    /// done at the moment may be done at any other.
    pub fn wait_s(&self) -> Option<u64> {
        self.0.retry_after_s.or(match self.0.code {
            Code::ServiceUnavailable | Code::AnalyticsUnavailable => Some(1),
            _ => None,
        })
    }

    /// The whole of the budget that is used up, where it is one.
    pub fn budget(&self) -> Option<u64> {
        self.0.used_up
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// The chain of private causes, outermost first.
    pub fn cause_chain(&self) -> String {
        let mut text = String::new();
        let mut next = self.0.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(cause) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl Fault {
    fn clipped(self) -> Self {
        Self {
            location: clipped(self.location, MAX_FAULT_LOCATION_BYTES),
            message: clipped(self.message, MAX_FAULT_MESSAGE_BYTES),
            fix: self.fix.map(|fix| clipped(fix, MAX_FAULT_FIX_BYTES)),
        }
    }
}

/// The text, or its beginning and an ellipsis where JSON would need more than
/// `max_bytes` for it.
fn clipped(text: String, max_bytes: usize) -> String {
    let start = clip(&text, max_bytes);
    if start.len() == text.len() {
        return text;
    }
    format!("{}...", clip(start, max_bytes - 3))
}

/// The beginning of a text that JSON writes in at most `max_bytes`.
pub fn clip(text: &str, max_bytes: usize) -> &str {
    // Control characters are six bytes long in JSON, and nothing is longer.
    if text.len() <= max_bytes / 6 {
        return text;
    }
    let mut left = max_bytes;
    for (at, character) in text.char_indices() {
        let bytes = match character {
            '"' | '\\' => 2,
            character if character.is_control() => 6,
            character => character.len_utf8(),
        };
        let Some(rest) = left.checked_sub(bytes) else { return &text[..at] };
        left = rest;
    }
    text
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) [{}]", self.0.code.as_str(), self.0.detail, self.cause_chain())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Error {}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Everything that can go wrong, named `system:category:specific` as in
        /// v2 (docs/contract/v2.md#error-codes).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, for the tests that walk the registry.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code without its `err:` prefix.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    InvalidInput = "unkey:application:invalid_input";
    ProtectedResource = "unkey:application:protected_resource";
    PreconditionFailed = "unkey:application:precondition_failed";
    ServiceUnavailable = "unkey:application:service_unavailable";
    Unexpected = "unkey:application:unexpected_error";
    AuthMissing = "unkey:authentication:missing";
    AuthMalformed = "unkey:authentication:malformed";
    PortalTokenMissing = "unkey:authentication:portal_token_missing";
    PortalSessionNotFound = "unkey:authentication:portal_session_not_found";
    RootKeyNotFound = "unkey:authentication:key_not_found";
    /// Somebody could not sign in; says nothing of why. Ours, as are all of people.
    SignInRefused = "unkey:authentication:sign_in_refused";
    SessionOver = "unkey:authentication:session_over";
    InsufficientPermissions = "unkey:authorization:insufficient_permissions";
    Forbidden = "unkey:authorization:forbidden";
    /// v1 has a name of its own for an expired root key, v2 calls it forbidden.
    RootKeyExpired = "unkey:authorization:forbidden";
    KeyDisabled = "unkey:authorization:key_disabled";
    WorkspaceDisabled = "unkey:authorization:workspace_disabled";
    KeyNotFound = "unkey:data:key_not_found";
    ApiNotFound = "unkey:data:api_not_found";
    IdentityNotFound = "unkey:data:identity_not_found";
    PermissionNotFound = "unkey:data:permission_not_found";
    RoleNotFound = "unkey:data:role_not_found";
    WorkspaceNotFound = "unkey:data:workspace_not_found";
    MigrationNotFound = "unkey:data:migration_not_found";
    MemberNotFound = "unkey:data:member_not_found";
    /// A setup, invitation or secret link that is unknown, used or expired.
    LinkNotFound = "unkey:data:link_not_found";
    ViewNotFound = "unkey:data:saved_view_not_found";
    AuditEntryNotFound = "unkey:data:audit_log_not_found";
    NamespaceNotFound = "unkey:data:ratelimit_namespace_not_found";
    OverrideNotFound = "unkey:data:ratelimit_override_not_found";
    KeySpaceNotFound = "unkey:data:key_space_not_found";
    /// A slug or a keyspace of portals is taken. Ours: the contract names none.
    PortalExists = "unkey:data:portal_already_exists";
    PortalNotFound = "unkey:data:portal_not_found";
    /// Of endpoints, and of what is sent there. Ours.
    WebhookNotFound = "unkey:data:webhook_not_found";
    DeliveryNotFound = "unkey:data:webhook_delivery_not_found";
    NamespaceGone = "unkey:data:ratelimit_namespace_gone";
    IdentityExists = "unkey:data:identity_already_exists";
    RoleExists = "unkey:data:role_already_exists";
    PermissionExists = "unkey:data:permission_already_exists";
    /// The hash of a key to be imported exists already. Ours.
    KeyExists = "unkey:data:key_already_exists";
    /// A name is given to two rate limits of one owner. Ours.
    RatelimitExists = "unkey:data:ratelimit_already_exists";
    /// No such job over many rows. Ours.
    JobNotFound = "unkey:data:job_not_found";
    AnalyticsNotConfigured = "unkey:data:analytics_not_configured";
    AnalyticsUnavailable = "unkey:data:analytics_connection_failed";
    AnalyticsQuery = "user:bad_request:invalid_analytics_query";
    AnalyticsTable = "user:bad_request:invalid_analytics_table";
    AnalyticsFunction = "user:bad_request:invalid_analytics_function";
    AnalyticsQueryType = "user:bad_request:invalid_analytics_query_type";
    QueryRetention = "user:bad_request:query_range_exceeds_retention";
    QueryTimeout = "user:unprocessable_entity:query_execution_timeout";
    QueryMemory = "user:unprocessable_entity:query_memory_limit_exceeded";
    QueryRows = "user:unprocessable_entity:query_rows_limit_exceeded";
    QueryQuota = "user:too_many_requests:query_quota_exceeded";
    QuerySyntax = "user:bad_request:permissions_query_syntax_error";
    BodyUnreadable = "user:bad_request:request_body_unreadable";
    BodyTooLarge = "user:bad_request:request_body_too_large";
    /// A body in a content coding. Ours.
    UnsupportedCoding = "user:bad_request:unsupported_content_encoding";
    RequestTimeout = "user:bad_request:request_timeout";
    WorkspaceRateLimited = "user:too_many_requests:workspace_rate_limited";
    TooManyAttempts = "user:too_many_requests:too_many_attempts";
    /// An address asked for too many keys that do not exist. Ours
    /// (docs/decisions.md#unknown-keys-have-a-budget).
    UnknownKeysRateLimited = "user:too_many_requests:unknown_keys_rate_limited";
    /// A change was made under this key, and its answer is not known. Ours.
    IdempotencyConflict = "unkey:application:idempotency_conflict";
    /// Something was changed since the form was opened that changes it. Ours: forms
    /// of the dashboard alone say what they were made from.
    EditConflict = "unkey:application:edit_conflict";
    /// No route at this path. Ours: the upstream mux answers plain text.
    RouteNotFound = "unkey:application:route_not_found";
    /// The path exists for another method. Ours, as above.
    MethodNotAllowed = "unkey:application:method_not_allowed";
}

impl Code {
    fn absence(self) -> &'static str {
        match self {
            Code::KeyNotFound => "The specified key was not found.",
            Code::ApiNotFound => "The requested API does not exist or has been deleted.",
            Code::IdentityNotFound => "This identity does not exist.",
            Code::PermissionNotFound => "The requested permission does not exist.",
            Code::RoleNotFound => "The requested role does not exist.",
            Code::WorkspaceNotFound => "The requested workspace does not exist.",
            Code::MigrationNotFound => "The requested migration does not exist.",
            Code::NamespaceNotFound => "This namespace does not exist.",
            Code::OverrideNotFound => "This override does not exist.",
            Code::KeySpaceNotFound => "The requested keyspace does not exist.",
            Code::JobNotFound => "The requested job does not exist.",
            Code::PortalNotFound => "The requested portal does not exist.",
            Code::WebhookNotFound => "The requested webhook endpoint does not exist.",
            Code::DeliveryNotFound => "The requested delivery does not exist.",
            Code::MemberNotFound => "There is no such member of this workspace.",
            Code::LinkNotFound => "This link is unknown, was used, or has expired.",
            Code::AuditEntryNotFound => "There is no such entry in the audit log.",
            Code::ViewNotFound => "There is no such saved view.",
            Code::SessionOver => "This session is over. Sign in again.",
            Code::PortalSessionNotFound => "The portal session does not exist or is over.",
            _ => "The requested resource does not exist.",
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json_bytes(text: &str) -> usize {
        serde_json::to_string(text).unwrap().len() - 2
    }

    #[test]
    fn texts_that_fit_stay_as_they_are() {
        for text in ["", "The key was not found.", "\u{e9}\n\"\\"] {
            assert_eq!(Error::invalid(text).detail(), text);
        }
        let just_fits = "x".repeat(MAX_DETAIL_BYTES);
        assert_eq!(Error::invalid(just_fits.clone()).detail(), just_fits);
        assert!(Error::invalid(just_fits + "x").detail().ends_with("xx..."));
    }

    proptest! {
        #[test]
        fn no_error_is_longer_than_its_bounds(character: char, repeated in 0_usize..10_000, faults in 0_usize..200) {
            let text: String = std::iter::repeat_n(character, repeated).collect();
            let fault = Fault { location: text.clone(), message: text.clone(), fix: Some(text.clone()) };
            let error = Error::invalid(text.clone()).with_faults(vec![fault; faults]);
            prop_assert!(json_bytes(error.detail()) <= MAX_DETAIL_BYTES);
            prop_assert_eq!(error.faults().len(), faults.min(MAX_FAULTS));
            let listed: usize = error
                .faults()
                .iter()
                .map(|fault| json_bytes(&fault.location) + json_bytes(&fault.message) + json_bytes(fault.fix.as_deref().unwrap_or_default()))
                .sum();
            prop_assert!(listed + json_bytes(error.detail()) < 56 << 10);
            prop_assert!(text.starts_with(clip(&text, 100)) && json_bytes(clip(&text, 100)) <= 100);
        }
    }
}
