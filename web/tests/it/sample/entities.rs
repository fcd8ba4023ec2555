//! Things people set up.

use web::charts::Unit;
use web::components::{BoundedCount, Outcome, ShownOnce, Sorting, SpentMonth, Tone};
use web::pages::api::{ApiView, KeyUse};
use web::pages::api_settings::ApiSettingsView;
use web::pages::apis::{ApiCard, ApisView};
use web::pages::bulk::BulkView;
use web::pages::identities::{IdentitiesView, IdentityFormView, IdentityRow};
use web::pages::identity::IdentityView;
use web::pages::identity_usage::{IdentityUsageView, Kept, KeyUsage};
use web::pages::key::{CreditsFact, KeyChangesView, KeyFacts, KeyHead, KeyLogView, KeyView};
use web::pages::key_form::{EditKeyView, Grantable, KeyChoices, KeyPreview, NewKeyView, Preset, StepPreview};
use web::pages::key_rotate::RotateView;
use web::pages::key_secret::KeySecretView;
use web::pages::keys::{KeyRow, KeysView};
use web::pages::namespace_settings::NamespaceSettingsView;
use web::pages::namespaces::{NamespaceCard, NamespacesView};
use web::pages::overrides::{OverrideFormView, OverrideRow, OverridesView};
use web::pages::permissions::{PermissionFormView, PermissionRow, PermissionsView};
use web::pages::portal::{PortalKey, PortalKeysView, PortalUsageView};
use web::pages::portal_settings::PortalSettingsView;
use web::pages::roles::{RoleFormView, RoleRow, RoleView, RolesView};
use web::paths;

use super::logs::{audit_rows, verifications};
use super::{
    DAY, HOUR, MINUTE, Words, ago, bars, compared, here, line_chart, live, pager, range, sorting, spark,
};

pub fn apis(words: &Words, some: bool) -> ApisView {
    let card = |id: &str, name: &str, keys, valid, denied| ApiCard {
        id: words.t(id),
        name: words.t(name),
        keys,
        valid,
        denied,
        spark: spark(valid / 20, denied / 4),
    };
    let apis = vec![
        card("api_2x9", "payments", 1_204, 1_482_004, 31_207),
        card("api_7Qa", "maps", 88, 20_411, 3),
        card("api_9Zb", "search", 0, 0, 0),
    ];
    ApisView {
        filters: web::components::Filters::search_only(here(paths::apis(), &[]), &words.t("Name or id")),
        range: range(),
        apis: if some { apis } else { vec![] },
        pager: super::Pager { shown: 3, total: Some(3), next: None, rows: None },
    }
}

pub fn api(words: &Words) -> ApiView {
    let one = |id: &str, label: &str, valid, denied: &[(Outcome, i64)], deleted| KeyUse {
        id: words.t(id),
        label: words.t(label),
        deleted,
        identity: Some((words.t("user_123"), words.t("id_1"))),
        valid,
        denied: denied.to_vec(),
        last_used: Some(ago(MINUTE)),
    };
    ApiView {
        api: words.api(),
        filters: words.filters(paths::api("api_2x9"), &[("since", "24h")], "Key, identity or tag"),
        range: range(),
        total_keys: 1_204,
        active_keys: Some(391),
        spent_credits: 982_001,
        requests: compared(bars("requests", words.t("Verifications"), &Outcome::VERIFICATIONS)),
        active: line_chart("active", words.t("Active keys"), Unit::Count, words.all(&["keys"])),
        keys: vec![
            one("key_1", "web app", 91_204, &[(Outcome::RateLimited, 1_200), (Outcome::Expired, 2)], false),
            one("key_2", "nightly import", 4_100, &[], false),
            one("key_3", "old integration", 12, &[(Outcome::InsufficientPermissions, 340)], true),
        ],
        sorting: sorting(),
        pager: pager(3),
        approximate: true,
    }
}

pub fn keys(words: &Words, some: bool) -> KeysView {
    let row = |id: &str, name: Option<&str>, enabled, expires: Option<i64>, states| KeyRow {
        id: words.t(id),
        name: name.map(|name| words.t(name)),
        start: words.t("live_3ZHJ"),
        last4: words.t("x9Qa"),
        identity: name.map(|_| (words.t("user_123"), words.t("id_1"))),
        enabled,
        states,
        usage: spark(420, if enabled { 90 } else { 0 }),
        last_used: enabled.then(|| ago(3 * MINUTE)),
        expires: expires.map(ago),
    };
    let good = || vec![words.chip(Tone::Good, "Active", "Nothing stands out in 36 hours.")];
    let off =
        || vec![words.chip(Tone::Quiet, "Disabled", "Requests with it are refused. Enable it in the menu.")];
    let gone = || {
        vec![words.chip(
            Tone::Attention,
            "Expired",
            "It stopped working by itself. Set a later expiry to use it again.",
        )]
    };
    let rows = vec![
        row("key_3ZHJsBkrNU5u", Some("web app"), true, Some(-14 * HOUR), words.states()),
        row("key_8KpqTx2mVa9c", Some("nightly import"), true, None, good()),
        row("key_1Lw0Zc7RbNq4", Some("partner: Globex"), true, Some(-40 * DAY), good()),
        row("key_9YtUe3sKd5Hf", Some("staging"), false, None, off()),
        row("key_6Gv2Mn8XoPj1", Some("old integration"), true, Some(3 * DAY), gone()),
        row("key_4Dx7Qb1WcRz6", None, true, None, good()),
    ];
    KeysView {
        sorting: Sorting { column: "created".to_owned(), descending: true },
        api: words.api(),
        filters: words.filters(
            paths::api_keys("api_2x9"),
            if some { &[("q", "web"), ("status", "active")] } else { &[] },
            "Name, id, start, external id, or status:expired",
        ),
        keys: if some { rows } else { vec![] },
        pager: pager(6),
    }
}

pub fn choices(words: &Words) -> KeyChoices {
    let one = |id: &str, label: &str, note: &str| Grantable {
        id: words.t(id),
        label: words.t(label),
        note: words.t(note),
    };
    KeyChoices {
        roles: vec![
            one("role_1", "editor", "documents.read, documents.write"),
            one("role_2", "billing", "billing.view"),
        ],
        permissions: vec![
            one("perm_1", "documents.read", "through editor"),
            one("perm_2", "documents.write", ""),
            one("perm_3", "billing.view", ""),
        ],
        external_ids: words.all(&["user_123", "team_9"]),
        recoverable: true,
    }
}

const KEY_VALUES: &[(&str, &str)] = &[
    ("name", "web app"),
    ("external_id", "user_123"),
    ("prefix", "live"),
    ("byte_length", "16"),
    ("environment", "production"),
    ("limits.0.name", "requests"),
    ("limits.0.limit", "100"),
    ("limits.0.duration", "1m"),
    ("credits", "10000"),
    ("refill_amount", "10000"),
    ("refill_day", "1"),
    ("meta", "{\n  \"plan\": \"pro\"\n}"),
];
const KEY_CHOICES: &[(&str, &str)] = &[
    ("enabled", "on"),
    ("limits.0.auto_apply", "on"),
    ("refill", "monthly"),
    ("expires", "never"),
    ("roles", "role_1"),
];

pub fn new_key(words: &Words, refused: bool) -> NewKeyView {
    let wrong: &[&str] =
        if refused { &["name", "limits.0.limit", "meta", "roles", "refill", "enabled"] } else { &[] };
    NewKeyView {
        api: words.api(),
        nonce: words.t("nonce"),
        form: words.chosen(words.form(KEY_VALUES, wrong), KEY_CHOICES),
        choices: choices(words),
        zone: words.t("CET"),
        preview: key_preview(words, refused),
        presets: vec![
            Preset {
                name: words.t("Partner"),
                href: web::paths::new_key("api_1").with("credits", &words.t("5")),
                id: Some("view_1".to_owned()),
                is_shared: true,
            },
            Preset {
                name: words.t("Trial"),
                href: web::paths::new_key("api_1").with("expires", "30d"),
                id: None,
                is_shared: false,
            },
        ],
    }
}

fn key_preview(words: &Words, refused: bool) -> KeyPreview {
    let call = |language: &str| (language.to_owned(), words.t("createKey({ apiId: \"api_1\" })"));
    KeyPreview {
        shape: words.t("live_\u{2022}\u{2022}\u{2022}"),
        steps: [(); 6].map(|()| StepPreview { says: vec![words.t("None")], is_wrong: refused }),
        calls: if refused { vec![] } else { vec![call("curl"), call("Go")] },
        is_labelled: !refused,
    }
}

pub fn edit_key(words: &Words) -> EditKeyView {
    EditKeyView {
        api: words.api(),
        key: words.named("key_1", "web app"),
        form: words.chosen(words.form(KEY_VALUES, &["/keys/key_1/delete"]), KEY_CHOICES),
        choices: choices(words),
        zone: words.t("CET"),
        undo_for: String::new(),
    }
}

fn key_head(words: &Words) -> KeyHead {
    KeyHead {
        id: words.t("key_3ZHJsBkrNU5u"),
        label: words.t("web app"),
        api: words.api(),
        enabled: true,
        deleted: false,
        recoverable: true,
        states: words.states(),
    }
}

pub fn key(words: &Words) -> KeyView {
    KeyView {
        key: key_head(words),
        facts: KeyFacts {
            start: words.t("live_3ZHJ"),
            last4: words.t("x9Qa"),
            created: ago(40 * DAY),
            created_by: Some(words.t("billing service")),
            updated: Some(ago(2 * DAY)),
            last_used: Some(ago(3 * MINUTE)),
            expires: Some(ago(-14 * HOUR)),
            credits: Some(CreditsFact {
                remaining: 8_240,
                refill: Some((10_000, words.t("back to 10,000 every month on day 1"))),
            }),
            limits: words.limits(),
            roles: vec![(words.t("role_1"), words.t("editor"))],
            permissions: words.all(&["documents.read", "documents.write", "billing.view"]),
            identity: Some((words.t("user_123"), words.t("id_1"))),
            environment: Some(words.t("production")),
            meta: words.t("{\n  \"plan\": \"pro\",\n  \"seats\": 12\n}"),
        },
        here: here(paths::key("key_3ZHJsBkrNU5u"), &[]),
        range: range(),
        requests: compared(bars("requests", words.t("Verifications"), &Outcome::VERIFICATIONS)),
        rhythm: Some(words.heat()),
        recent: verifications(words),
        siblings: words.key_lines(),
    }
}

pub fn key_log(words: &Words) -> KeyLogView {
    KeyLogView {
        key: key_head(words),
        filters: words.filters(paths::key_log("key_3ZHJsBkrNU5u"), &[], "Request id, tag or source"),
        range: range(),
        live: live(false),
        requests: bars("requests", words.t("Verifications"), &Outcome::VERIFICATIONS),
        rows: verifications(words),
        pager: pager(8),
    }
}

pub fn key_changes(words: &Words) -> KeyChangesView {
    KeyChangesView {
        key: key_head(words),
        here: here(paths::key_changes("key_1"), &[]),
        rows: audit_rows(words),
        pager: pager(4),
    }
}

pub fn shown(words: &Words, what: &str, linked: bool) -> ShownOnce {
    ShownOnce {
        secret: words.t("live_3ZHJsBkrNU5uRdLEuXYyC9x9Qa"),
        what: words.t(what),
        snippets: words.pairs(&[("Verify it", "curl https://keys.example.com/v2/keys.verifyKey \\\n  -H 'Authorization: Bearer YOUR_ROOT_KEY' \\\n  -d '{\"key\":\"live_3ZHJsBkrNU5uRdLEuXYyC9x9Qa\"}'")]),
        link: linked.then(|| paths::link_secret("key_1")),
        nonce: words.t("nonce"),
        made_link: (!linked).then(|| (words.t("https://keys.example.com/links/7Hq2"), words.t("72 hours"))),
    }
}

pub fn key_secret(words: &Words, linked: bool) -> KeySecretView {
    KeySecretView {
        api: words.api(),
        key_id: words.t("key_1"),
        title: words.t("Key created"),
        shown: shown(words, "Key", linked),
        kept: false,
    }
}

pub fn rotate(words: &Words, of_api: bool, refused: bool) -> RotateView {
    RotateView {
        api: of_api.then(|| words.api()),
        key: words.named("key_1", "web app"),
        nonce: words.t("nonce"),
        form: words.chosen(words.form(&[], &[]), &[("grace_ms", "86400000")]),
        leaked: !of_api,
        refused: refused.then(|| words.t("The key expired. Set a later expiry first.")),
    }
}

pub fn bulk(words: &Words, act: &str) -> BulkView {
    let deletes = act == "delete";
    BulkView {
        api: words.api(),
        nonce: words.t("nonce"),
        act: act.to_owned(),
        count: 1_204,
        or_more: deletes,
        sample: words.key_lines(),
        ids: if deletes { vec![] } else { words.all(&["key_1", "key_2"]) },
        query: words.t("status=expired"),
        form: words.form(KEY_VALUES, &["confirm"]),
        choices: words.pairs(&[("reader", "Reads documents"), ("writer", "")]),
        confirm: words.t("all"),
        zone: words.t("CET"),
    }
}

pub fn api_settings(words: &Words, protected: bool) -> ApiSettingsView {
    ApiSettingsView {
        api: words.api(),
        keyspace_id: words.t("ks_1"),
        keys: 1_204,
        protected,
        form: words.form(
            &[
                ("name", "payments"),
                ("default_prefix", "live"),
                ("default_bytes", "16"),
                ("ip_allowlist", "203.0.113.0/24\n2001:db8::/32"),
            ],
            &["ip_allowlist"],
        ),
    }
}

pub fn portal_settings(words: &Words, some: bool) -> PortalSettingsView {
    PortalSettingsView {
        api: words.api(),
        portal: some.then(|| (words.t("portal_1"), words.t("acme"), 3)),
        form: words.chosen(
            words.form(
                &[
                    ("display_name", "Acme developers"),
                    ("slug", "acme"),
                    ("logo_url", "https://acme.example.com/logo.svg"),
                ],
                &[],
            ),
            &[("primary_color", "#7a2fd0"), ("enabled", "on")],
        ),
    }
}

pub fn portal_keys(words: &Words, some: bool) -> PortalKeysView {
    let key = |id: &str, label: &str| PortalKey {
        id: words.t(id),
        label: words.t(label),
        start: words.t("live_3ZHJ"),
        last4: words.t("x9Qa"),
        created: ago(40 * DAY),
        last_used: Some(ago(HOUR)),
        expires: None,
        states: vec![words.chip(Tone::Good, "Active", "")],
    };
    let keys = if some { vec![key("key_1", "web app"), key("key_2", "mobile")] } else { vec![] };
    PortalKeysView {
        here: here(paths::portal("acme"), &[]),
        pager: super::Pager { shown: if some { 2 } else { 0 }, total: None, next: None, rows: None },
        nonce: "nonce-of-the-form".to_owned(),
        keys,
        may_reroll: true,
        shown: some.then(|| ShownOnce { link: None, made_link: None, ..shown(words, "Key", false) }),
    }
}

pub fn portal_usage(words: &Words) -> PortalUsageView {
    PortalUsageView {
        here: here(paths::portal_usage("acme"), &[]),
        range: range(),
        requests: bars("requests", words.t("Requests"), &Outcome::VERIFICATIONS),
        month: Some(spent_month(10_000)),
    }
}

/// A month of ten thousand credits.
fn spent_month(spent: i64) -> SpentMonth {
    SpentMonth { spent, of: 10_000, left: 10_000 - spent, is_near: spent >= 8_000, resets: ago(-DAY) }
}

/// As lists count: some hundreds at most.
fn tally(count: i64) -> BoundedCount {
    BoundedCount { count, more: count == 500 }
}

pub fn identities(words: &Words, some: bool) -> IdentitiesView {
    let row = |id: &str, external_id: &str, keys| IdentityRow {
        id: words.t(id),
        external_id: words.t(external_id),
        keys: tally(keys),
        limits: 2,
        last_used: Some(ago(MINUTE)),
        created: Some(ago(200 * DAY)),
    };
    let rows = vec![row("id_1", "user_123", 3), row("id_2", "team_9", 500), row("id_3", "user_88", 0)];
    IdentitiesView {
        filters: web::components::Filters::search_only(
            here(paths::identities(), &[]),
            &words.t("External id or id"),
        ),
        rows: if some { rows } else { vec![] },
        sorting: sorting(),
        pager: pager(3),
    }
}

pub fn identity(words: &Words) -> IdentityView {
    IdentityView {
        identity: words.named("id_1", "user_123"),
        created: ago(200 * DAY),
        last_used: Some(ago(MINUTE)),
        keys: words.key_lines(),
        more_keys: Some("key_4".to_owned()),
        total_keys: tally(3),
        limits: words.limits(),
        month: Some(spent_month(8_421)),
        meta: words.t("{\n  \"plan\": \"pro\"\n}"),
        filters: words.filters(paths::identity("id_1"), &[], "Request id, tag or source"),
        range: range(),
        live: live(false),
        requests: bars("requests", words.t("Verifications"), &Outcome::VERIFICATIONS),
        rows: verifications(words),
        pager: pager(8),
    }
}

pub fn identity_usage(words: &Words, some: bool) -> IdentityUsageView {
    let page = |month: &str| paths::identity_usage("id_1").with("month", month);
    let key = KeyUsage {
        id: "key_3ZHJsBkrNU5u".to_owned(),
        label: words.t("checkout"),
        accepted: 1_204_110,
        refused: 31,
        credits: 1_204_110,
    };
    IdentityUsageView {
        identity: words.named("id_1", "user_123"),
        month: "November 2025".to_owned(),
        earlier: some.then(|| page("2025-10")),
        later: some.then(|| page("2025-12")),
        outcomes: if some { vec![(Outcome::Valid, 1_204_110), (Outcome::RateLimited, 31)] } else { vec![] },
        credits: 1_204_110,
        keys: vec![key],
        has_more: true,
        csv: paths::sql().with("query", "SELECT 1").with("format", "csv"),
        sql: words.t("SELECT key_id FROM key_verifications_per_month_v1"),
        kept: if some { Kept::From(words.t("6 November 2025")) } else { Kept::Whole },
    }
}

pub fn identity_form(words: &Words, some: bool) -> IdentityFormView {
    IdentityFormView {
        identity: some.then(|| words.named("id_1", "user_123")),
        form: words.form(
            &[
                ("external_id", "user_123"),
                ("limits.0.name", "tokens"),
                ("limits.0.limit", "250000"),
                ("limits.0.duration", "1d"),
                ("meta", "{}"),
            ],
            if some { &[] } else { &["external_id"] },
        ),
        keys: tally(3),
    }
}

pub fn roles(words: &Words, some: bool) -> RolesView {
    let row = |id: &str, name: &str, text: &str| RoleRow {
        id: words.t(id),
        name: words.t(name),
        description: words.t(text),
        keys: tally(214),
        permissions: 7,
        updated: Some(ago(9 * DAY)),
    };
    let rows = vec![
        row("role_1", "editor", "Reads and writes documents"),
        row("role_2", "billing", "Sees invoices"),
    ];
    RolesView {
        filters: web::components::Filters::search_only(
            here(paths::roles(), &[]),
            &words.t("Name or description"),
        ),
        rows: if some { rows } else { vec![] },
        sorting: sorting(),
        pager: pager(2),
    }
}

pub fn role(words: &Words) -> RoleView {
    RoleView {
        role: words.named("role_1", "editor"),
        description: words.t("Reads and writes documents"),
        created: Some(ago(90 * DAY)),
        updated: None,
        permissions: vec![words.named("perm_1", "documents.read"), words.named("perm_2", "documents.write")],
        keys: words.key_lines(),
        here: here(paths::role("role_1"), &[("keys", "9")]),
        more_keys: None,
        total_keys: tally(500),
        json: words.t("{\n  \"name\": \"editor\"\n}"),
    }
}

pub fn role_form(words: &Words, some: bool) -> RoleFormView {
    RoleFormView {
        role: some.then(|| words.named("role_1", "editor")),
        form: words.chosen(
            words.form(
                &[
                    ("name", "editor"),
                    ("description", "Reads and writes documents"),
                    ("slugs", "billing.view"),
                ],
                &[],
            ),
            &[("permissions", "perm_1")],
        ),
        permissions: choices(words).permissions,
        keys: tally(214),
    }
}

pub fn permissions(words: &Words, some: bool) -> PermissionsView {
    let row = |id: &str, slug: &str| PermissionRow {
        id: words.t(id),
        slug: words.t(slug),
        name: words.t("Read documents"),
        description: words.t("Every document of the tenant"),
        roles: 2,
        keys: tally(14),
        updated: None,
    };
    let rows = vec![
        row("perm_1", "documents.read"),
        row("perm_2", "documents.write"),
        row("perm_3", "billing.view"),
    ];
    PermissionsView {
        filters: web::components::Filters::search_only(
            here(paths::permissions(), &[]),
            &words.t("Slug, name or description"),
        ),
        rows: if some { rows } else { vec![] },
        sorting: sorting(),
        pager: pager(3),
    }
}

pub fn permission_form(words: &Words, some: bool) -> PermissionFormView {
    PermissionFormView {
        permission: some.then(|| words.named("perm_1", "documents.read")),
        form: words.form(
            &[
                ("name", "Read documents"),
                ("slug", "documents.read"),
                ("slugs", "a.b\nc.d"),
                ("description", "Every document"),
            ],
            &["slugs", "slug"],
        ),
        roles: vec![words.named("role_1", "editor")],
        keys: if some { words.key_lines() } else { vec![] },
        here: Some(here(paths::edit_permission("perm_1"), &[])),
        more_keys: None,
        total_keys: tally(14),
    }
}

pub fn namespaces(words: &Words, some: bool) -> NamespacesView {
    let card = |id: &str, name: &str, passed, blocked| NamespaceCard {
        id: words.t(id),
        name: words.t(name),
        passed,
        blocked,
        spark: spark(passed / 24, blocked / 4),
        last_used: (passed > 0).then(|| ago(MINUTE)),
    };
    let cards = vec![
        card("rlns_4k", "login", 204_110, 9_201),
        card("rlns_8p", "signup", 3_204, 0),
        card("rlns_9q", "export", 0, 0),
    ];
    NamespacesView {
        filters: web::components::Filters::search_only(
            here(paths::namespaces(), &[]),
            &words.t("Name or id"),
        ),
        range: range(),
        namespaces: if some { cards } else { vec![] },
        pager: super::Pager { shown: 3, total: Some(3), next: None, rows: None },
    }
}

pub fn namespace_settings(words: &Words) -> NamespaceSettingsView {
    NamespaceSettingsView { namespace: words.namespace(), form: words.form(&[("name", "login")], &["name"]) }
}

pub fn overrides(words: &Words, some: bool) -> OverridesView {
    let row = |id: &str, identifier: &str, limit| OverrideRow {
        id: words.t(id),
        identifier: words.t(identifier),
        limit,
        duration_ms: MINUTE,
        ends: None,
        afterwards: None,
        changed: Some(ago(HOUR)),
    };
    let raised = OverrideRow {
        ends: Some(ago(-HOUR)),
        afterwards: Some((1_000, MINUTE)),
        ..row("rlor_1", "*@acme.example", 5_000)
    };
    let rows = vec![raised, row("rlor_2", "203.0.113.7", 0)];
    OverridesView {
        namespace: words.namespace(),
        filters: web::components::Filters::search_only(
            here(paths::overrides("rlns_4k"), &[]),
            &words.t("Identifier"),
        ),
        rows: if some { rows } else { vec![] },
        pager: pager(2),
    }
}

pub fn override_form(words: &Words, some: bool) -> OverrideFormView {
    OverrideFormView {
        namespace: words.namespace(),
        existing: some.then(|| words.named("rlor_1", "*@acme.example")),
        afterwards: some.then(|| words.t("1000 / 1m holds again")),
        form: words.form(
            &[("identifier", "*@acme.example"), ("limit", "1000"), ("duration", "1m"), ("expires", "1d")],
            &["limit"],
        ),
        zone: words.t("Europe/Berlin"),
    }
}
