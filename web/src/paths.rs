//! Every address of the dashboard, and the only maker of links.
//!
//! An [`Href`] can be made here alone: from the functions below, which encode
//! what they are given, or from an outside address that is checked to be HTTP.
//! So no view can carry a `javascript:` link. A secret is never in an address,
//! save the one-time links whose whole point it is.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A link target that is safe to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Href(String);

impl Href {
    /// An address outside the dashboard, if it is HTTP.
    pub fn external(url: &str) -> Option<Self> {
        let lower = url.to_ascii_lowercase();
        (lower.starts_with("https://") || lower.starts_with("http://")).then(|| Self(url.to_owned()))
    }

    /// A path of this server, if it is one: where to go back to after an act.
    pub fn local(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        let foreign = rest.starts_with(['/', '\\']) || path.contains(|c: char| c.is_ascii_control());
        (!foreign).then(|| Self(path.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same address with one more query parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(&pair(name, value));
        self
    }

    /// The same address at a place of its page.
    #[must_use]
    pub(crate) fn at(mut self, fragment: &str) -> Self {
        self.0.push('#');
        self.0.push_str(&encode(fragment));
        self
    }
}

impl fmt::Display for Href {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encode(name), encode(value))
}

/// The address of a list as it is shown: its path and what chose the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    pub path: Href,
    /// Decoded query parameters in order.
    pub pairs: Vec<(String, String)>,
}

impl Here {
    pub fn new(path: Href, pairs: Vec<(String, String)>) -> Self {
        Self { path, pairs }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// This list exactly.
    pub fn href(&self) -> Href {
        self.keep(|_, _| true)
    }

    /// This list with `name` set to `value`, from its first page.
    pub fn with(&self, name: &str, value: &str) -> Href {
        self.keep(|own, _| own != name && own != CURSOR).with(name, value)
    }

    /// This list without the parameters `names`, from its first page.
    pub fn without(&self, names: &[&str]) -> Href {
        self.keep(|own, _| !names.contains(&own) && own != CURSOR)
    }

    /// This list without one choice of a parameter.
    pub(crate) fn without_pair(&self, name: &str, value: &str) -> Href {
        self.keep(|own, chosen| own != CURSOR && !(own == name && chosen == value))
    }

    /// This page of the list with a column that it leaves out.
    pub(crate) fn with_column(&self, label: &str) -> Href {
        self.keep(|own, hidden| !(own == HIDE && hidden == label))
    }

    fn keep(&self, wanted: impl Fn(&str, &str) -> bool) -> Href {
        let kept = self.pairs.iter().filter(|(name, value)| wanted(name, value));
        kept.fold(self.path.clone(), |href, (name, value)| href.with(name, value))
    }
}

/// Query parameter with the name of a column that a list leaves out.
pub const HIDE: &str = "hide";

/// Query parameter with the place in a list; opaque.
pub const CURSOR: &str = "cursor";
/// Query parameter with the order of a list: a column, `-` before it for descending.
pub const SORT: &str = "sort";
/// Query parameter with a span that ends now: `12h`.
pub const SINCE: &str = "since";
/// Query parameters with a span in local time (`2025-11-20T07:00`) or Unix milliseconds.
pub const FROM: &str = "from";
pub const TO: &str = "to";
/// Query parameter with words or the typed filter language.
pub const QUERY: &str = "q";
/// Query parameter with outcomes; may be there more than once.
pub const OUTCOME: &str = "outcome";
/// Query parameter with the rows of a page, one of [`ROW_COUNTS`].
pub const ROWS: &str = "rows";
/// Rows that a page of a list can have; the first is the default.
pub const ROW_COUNTS: [u64; 3] = [50, 100, 200];
/// Query parameter that has charts compared with the span before: `before`.
pub const COMPARE: &str = "compare";
/// Query parameter that asks for the live tail: `1`.
pub const LIVE: &str = "live";

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub fn $name() -> Href { Href($path.to_owned()) })*
    };
}

macro_rules! of_one {
    ($($(#[$doc:meta])* $name:ident = $before:literal $after:literal;)*) => {
        $($(#[$doc])* pub fn $name(id: &str) -> Href { Href(format!("{}{}{}", $before, encode(id), $after)) })*
    };
}

macro_rules! of_two {
    ($($(#[$doc:meta])* $name:ident = $before:literal $between:literal $after:literal;)*) => {
        $($(#[$doc])* pub fn $name(outer: &str, id: &str) -> Href {
            Href(format!("{}{}{}{}{}", $before, encode(outer), $between, encode(id), $after))
        })*
    };
}

fixed! {
    home = "/";
    login = "/login";
    second_factor = "/login/second-factor";
    /// POST.
    logout = "/logout";
    start = "/start";
    start_protect = "/start/protect";
    start_limit = "/start/limit";
    /// POST: fields `workspace`, `back`.
    switch_workspace = "/workspaces/switch";
    new_workspace = "/workspaces/new";
    /// POST: fields `theme`, `back`.
    theme = "/theme";
    apis = "/apis";
    new_api = "/apis/new";
    explain = "/explain";
    /// POST: one act that makes a key pass: fields `key`, `fix`, `permission`,
    /// `amount`, and the question to ask again.
    explain_fix = "/explain/fix";
    identities = "/identities";
    new_identity = "/identities/new";
    roles = "/roles";
    new_role = "/roles/new";
    permissions = "/permissions";
    new_permission = "/permissions/new";
    namespaces = "/ratelimits";
    new_namespace = "/ratelimits/new";
    requests = "/requests";
    audit = "/audit";
    /// GET with `q`, or POST with anything, secrets included.
    search = "/search";
    /// With what a program asks as parameters.
    authorize = "/oauth/authorize";
    root_keys = "/root-keys";
    new_root_key = "/root-keys/new";
    settings = "/settings";
    team = "/settings/team";
    sessions = "/settings/sessions";
    security = "/settings/security";
    /// POST: field `password`, then fields `code`, `sealed`.
    enable_totp = "/settings/security/totp";
    disable_totp = "/settings/security/totp/remove";
    recovery_codes = "/settings/security/recovery-codes";
    /// POST: fields `name`, `zone`.
    profile = "/settings/security/profile";
    change_password = "/settings/security/password";
    end_other_sessions = "/settings/sessions/end-others";
    retention = "/settings/retention";
    addresses = "/settings/addresses";
    v1_switch = "/settings/v1";
    migrations = "/settings/migrations";
    /// POST: fields `document`, `prune`; answers with a plan.
    configuration = "/settings/configuration";
    download_configuration = "/settings/configuration/download";
    /// POST: as for a plan, with the `version` of the plan.
    apply_configuration = "/settings/configuration/apply";
    /// POST: without fields.
    doctor = "/settings/doctor";
    ai_tools = "/settings/ai";
    danger = "/settings/danger";
    delete_workspace = "/settings/danger/delete";
    invite = "/settings/team/invite";
    jobs = "/jobs";
    import = "/import";
    export = "/export";
    sql = "/sql";
    /// POST: fields `query`, `name`, `shared`.
    save_query = "/sql/save";
    clear_query_history = "/sql/history/clear";
    /// POST: fields `name`, `back`, `shared`.
    save_view = "/views";
    docs = "/docs";
    api_reference = "/docs/api/v2";
    shortcuts = "/shortcuts";
    style = "/style";
    health = "/readyz";
}

of_one! {
    setup = "/setup/" "";
    accept_invite = "/invites/" "";
    api = "/apis/" "";
    api_keys = "/apis/" "/keys";
    new_key = "/apis/" "/keys/new";
    /// POST: the chosen rows of a list of keys.
    bulk_keys = "/apis/" "/keys/bulk";
    api_settings = "/apis/" "/settings";
    api_defaults = "/apis/" "/settings/defaults";
    api_allowlist = "/apis/" "/settings/allowlist";
    api_recovery = "/apis/" "/settings/recovery";
    api_protection = "/apis/" "/settings/protection";
    delete_api = "/apis/" "/delete";
    api_portal = "/apis/" "/portal";
    delete_portal = "/apis/" "/portal/delete";
    portal_preview = "/apis/" "/portal/preview";
    portal_preview_style = "/apis/" "/portal/preview.css";
    key = "/keys/" "";
    key_log = "/keys/" "/log";
    key_changes = "/keys/" "/changes";
    edit_key = "/keys/" "/edit";
    rotate_key = "/keys/" "/rotate";
    enable_key = "/keys/" "/enable";
    disable_key = "/keys/" "/disable";
    delete_key = "/keys/" "/delete";
    restore_key = "/keys/" "/restore";
    decrypt_key = "/keys/" "/reveal";
    /// POST: makes a one-time link of the secret that was just shown.
    link_secret = "/keys/" "/link";
    verification = "/verifications/" "";
    explain_verification = "/verifications/" "/explain";
    request = "/requests/" "";
    identity = "/identities/" "";
    identity_usage = "/identities/" "/usage";
    edit_identity = "/identities/" "/edit";
    delete_identity = "/identities/" "/delete";
    role = "/roles/" "";
    edit_role = "/roles/" "/edit";
    delete_role = "/roles/" "/delete";
    edit_permission = "/permissions/" "/edit";
    delete_permission = "/permissions/" "/delete";
    namespace = "/ratelimits/" "";
    namespace_logs = "/ratelimits/" "/logs";
    overrides = "/ratelimits/" "/overrides";
    new_override = "/ratelimits/" "/overrides/new";
    namespace_settings = "/ratelimits/" "/settings";
    delete_namespace = "/ratelimits/" "/delete";
    audit_entry = "/audit/" "";
    root_key = "/root-keys/" "";
    edit_root_key = "/root-keys/" "/edit";
    rotate_root_key = "/root-keys/" "/rotate";
    enable_root_key = "/root-keys/" "/enable";
    disable_root_key = "/root-keys/" "/disable";
    delete_root_key = "/root-keys/" "/delete";
    /// POST: field `role`.
    member_role = "/settings/team/" "/role";
    remove_member = "/settings/team/" "/remove";
    end_member_sessions = "/settings/team/" "/end-sessions";
    revoke_invite = "/settings/team/invites/" "/revoke";
    end_session = "/settings/sessions/" "/end";
    job = "/jobs/" "";
    cancel_job = "/jobs/" "/cancel";
    /// POST: takes back what a job of deletions did.
    undo_job = "/jobs/" "/undo";
    job_result = "/jobs/" "/result.csv";
    secret_link = "/links/" "";
    delete_view = "/views/" "/delete";
    portal = "/portal/" "";
    portal_usage = "/portal/" "/usage";
    portal_logout = "/portal/" "/logout";
    portal_style = "/portal/" "/brand.css";
}

/// A page of the documentation by its path below `/docs`, such as `errors/x/y`.
pub fn doc(path: &str) -> Href {
    let segments: Vec<_> = path.split('/').map(encode).collect();
    Href(format!("/docs/{}", segments.join("/")))
}

of_two! {
    override_ = "/ratelimits/" "/overrides/" "";
    delete_override = "/ratelimits/" "/overrides/" "/delete";
    /// POST: slug of the portal, id of the key; fields `nonce`, `grace`.
    portal_reroll = "/portal/" "/keys/" "/reroll";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place_in_a_path() {
        assert_eq!(key("../x?y#z").as_str(), "/keys/..%2Fx%3Fy%23z");
        assert_eq!(doc("errors/a b").as_str(), "/docs/errors/a%20b");
        assert_eq!(override_("ns", "*@a b").as_str(), "/ratelimits/ns/overrides/%2A%40a%20b");
    }

    #[test]
    fn only_http_leaves_the_dashboard() {
        assert!(Href::external("JavaScript:alert(1)").is_none());
        assert!(Href::external("https://example.com").is_some());
        for foreign in ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "x"]
        {
            assert!(Href::local(foreign).is_none(), "{foreign}");
        }
        assert_eq!(Href::local("/apis?q=a").unwrap().as_str(), "/apis?q=a");
    }

    #[test]
    fn a_list_changes_one_choice_and_starts_over() {
        let pairs = [("status", "a"), ("status", "b"), (CURSOR, "x")];
        let here = Here::new(apis(), pairs.map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!(here.without_pair("status", "a").as_str(), "/apis?status=b");
        assert_eq!(here.with(SORT, "-name").as_str(), "/apis?status=a&status=b&sort=-name");
        assert_eq!(here.without(&["status"]).as_str(), "/apis");
        assert_eq!(here.href().as_str(), "/apis?status=a&status=b&cursor=x");
    }
}
