//! Things that happened.

use web::charts::Unit;
use web::components::{Changed, ChangedValue, KnownId, Outcome, ValuePart};
use web::pages::audit::{AuditEntryView, AuditTarget, AuditView};
use web::pages::explain::{Check, ExplainView, Fix, QueryNode, Trace, Verdict};
use web::pages::namespace::{DecisionRow, IdentifierUse, NamespaceLogsView, NamespaceView};
use web::pages::parts::{AuditRow, AuditSubject, VerificationRow};
use web::pages::request::RequestView;
use web::pages::requests::{RequestRow, RequestsView};
use web::pages::verification::VerificationView;
use web::paths::{self, QUERY};

use super::{DAY, HOUR, MINUTE, Words, ago, bars, line_chart, live, pager, range};

pub fn verifications(words: &Words) -> Vec<VerificationRow> {
    let outcomes = [
        (Outcome::Valid, None),
        (Outcome::RateLimited, Some("requests: 101 of 100 in 1m")),
        (Outcome::Valid, None),
        (Outcome::InsufficientPermissions, Some("documents.write")),
        (Outcome::UsageExceeded, Some("cost 5, 3 left")),
        (Outcome::Valid, None),
        (Outcome::Forbidden, Some("address not in the list")),
        (Outcome::Expired, None),
    ];
    let row = |(index, (outcome, denial)): (i64, (Outcome, Option<&str>))| VerificationRow {
        id: words.t(&format!("req_{index}")),
        at: ago(index * 40_000 + 2_000),
        outcome,
        key: Some(words.named("key_1", "web app")),
        denial: denial.map(|text| words.t(text)),
        tags: words.all(&["path=/v1/charges", "eu"]),
        ip: Some(words.t("203.0.113.7")),
        spent: if outcome == Outcome::Valid { 1 } else { 0 },
        balance: Some(8_240 - index),
        latency_us: 84 + index * 13,
    };
    (0..).zip(outcomes).map(row).collect()
}

pub fn audit_rows(words: &Words) -> Vec<AuditRow> {
    let rows = [
        ("key.update", "Changed the expiry of web app", "ada@example.com", "user"),
        ("key.create", "Created key nightly import", "billing service", "root key"),
        ("ratelimit.set_override", "Set the override of *@acme.example in login", "ada@example.com", "user"),
        ("api.delete", "Deleted API sandbox", "grace@example.com", "user"),
    ];
    let row = |(index, (event, text, actor, kind)): (i64, (&str, &str, &str, &str))| AuditRow {
        id: words.t(&format!("aud_{index}")),
        at: ago(index * 3 * HOUR + 5 * MINUTE),
        event: words.t(event),
        description: words.t(text),
        actor: words.t(actor),
        actor_kind: words.t(kind),
        actor_href: (kind == "user").then(|| paths::audit().with("actor", "user_1")),
        about: Some(AuditSubject { name: words.t("web app"), href: paths::key("key_1") }),
        changes: match index {
            0 => vec![Changed {
                field: words.t("Expires"),
                before: None,
                after: Some(words.t("2026-11-01 09:00:00 CET").into()),
            }],
            _ => vec![],
        },
        goes_on: index == 2,
        ip: (kind == "user").then(|| words.t("203.0.113.7")),
    };
    (0..).zip(rows).map(row).collect()
}

pub fn requests(words: &Words) -> Vec<RequestRow> {
    let rows = [
        (200, Some(Outcome::Valid), "/v2/keys.verifyKey"),
        (200, Some(Outcome::RateLimited), "/v2/keys.verifyKey"),
        (404, None, "/v2/keys.getKey"),
        (200, None, "/v2/keys.createKey"),
        (500, None, "/v2/analytics.getVerifications"),
    ];
    let row = |(index, (status, outcome, path)): (i64, (u16, Option<Outcome>, &str))| RequestRow {
        id: words.t(&format!("req_{index}")),
        at: ago(index * 9_000 + 1_000),
        status,
        outcome,
        method: words.t("POST"),
        path: words.t(path),
        caller: Some(words.t("billing service")),
        ip: Some(words.t("203.0.113.7")),
        latency_us: 312 + index * 77,
    };
    (0..).zip(rows).map(row).collect()
}

pub fn requests_view(words: &Words, on: bool) -> RequestsView {
    RequestsView {
        filters: words.filters(
            paths::requests(),
            &[("since", "24h"), ("status", "disabled")],
            "Path, request id, caller",
        ),
        range: range(),
        live: live(on),
        responses: bars("responses", words.t("Requests"), &Outcome::RESPONSES),
        sampling: Some(words.t("About 5.6K in all, an estimate: 1 of 100 successes are logged.")),
        rows: requests(words),
        pager: pager(5),
    }
}

pub fn request_view(words: &Words) -> RequestView {
    RequestView {
        id: words.t("req_1"),
        at: ago(9_000),
        status: 200,
        outcome: Some(Outcome::RateLimited),
        method: words.t("POST"),
        path: words.t("/v2/keys.verifyKey"),
        door: words.t("v2"),
        root_key: Some(words.named("rk_1", "billing service")),
        ip: Some(words.t("203.0.113.7")),
        user_agent: Some(words.t("unkey-go/2.1.0")),
        latency_us: 214,
        sent: (62, Some(words.t("{\n  \"key\": \"[redacted]\",\n  \"permissions\": \"documents.read\"\n}"))),
        answered: (18_204, None),
        verification: true,
    }
}

pub fn trace(words: &Words, dry_run: bool) -> Trace {
    let check = |name: &str, verdict, detail: &str| Check {
        name: words.t(name),
        verdict,
        detail: words.t(detail),
        values: vec![],
        query: None,
        setting: None,
        fix: None,
    };
    let leaf = |slug: &str, held, decisive| QueryNode::Permission { slug: words.t(slug), held, decisive };
    let mut permissions =
        check("Permissions", Verdict::Failed, "The query asks for a permission the key does not hold.");
    permissions.query = Some(QueryNode::And(vec![
        leaf("documents.read", true, false),
        QueryNode::Or(vec![leaf("documents.write", false, true), leaf("admin", false, false)]),
    ]));
    permissions.setting = Some(paths::edit_key("key_1"));
    permissions.fix = Some(Fix {
        label: words.t("Grant documents.write to this key"),
        action: paths::explain_fix(),
        fields: vec![
            ("key".to_owned(), words.t("key_1")),
            ("fix".to_owned(), "grant".to_owned()),
            ("permission".to_owned(), words.t("documents.write")),
        ],
    });
    let mut expiry = check("Expiry", Verdict::Passed, "It expires in 12 days.");
    let then = (!dry_run).then(|| words.t("2025-12-01 00:00"));
    expiry.values = vec![(words.t("expires"), then, Some(words.t("2025-12-02 00:00")))];
    Trace {
        outcome: Outcome::InsufficientPermissions,
        dry_run,
        key: Some(words.named("key_1", "web app")),
        api: Some(words.named("api_2x9", "payments")),
        at: (!dry_run).then(|| ago(9_000)),
        ip: Some(words.t("203.0.113.7")),
        cost: 1,
        checks: vec![
            check("Key found", Verdict::Passed, "The hash belongs to a key of this workspace."),
            check("API", Verdict::Passed, "The key belongs to the API that was asked for."),
            check("Enabled", Verdict::Passed, "Workspace, API and key are enabled."),
            expiry,
            check("IP list", Verdict::NotUsed, "No list is set."),
            permissions,
            check("Rate limit requests", Verdict::NotReached, "38 of 100 used, resets in 24 seconds."),
            check("Credits", Verdict::WouldPass, "8,240 left, 1 asked for."),
        ],
        now: (!dry_run).then_some(Outcome::InsufficientPermissions),
    }
}

pub fn explain_view(words: &Words, asked: bool) -> ExplainView {
    let form = words.form(
        &[
            ("key", "key_1"),
            ("permissions", "documents.read AND (documents.write OR admin)"),
            ("ip", "203.0.113.7"),
            ("limits", "requests\ntokens 20"),
        ],
        &[],
    );
    ExplainView { form, trace: asked.then(|| trace(words, true)) }
}

pub fn verification_view(words: &Words) -> VerificationView {
    VerificationView {
        id: words.t("req_1"),
        at: ago(9_000),
        outcome: Outcome::InsufficientPermissions,
        key: Some(words.named("key_1", "web app")),
        api: Some(words.named("api_2x9", "payments")),
        identity: Some((words.t("user_123"), words.t("id_1"))),
        denial: Some(words.t("documents.write")),
        ip: Some(words.t("203.0.113.7")),
        door: words.t("v2"),
        root_key: Some(words.named("rk_1", "billing service")),
        spent: 0,
        balance: Some(8_240),
        latency_us: 96,
        tags: words.all(&["path=/v1/charges"]),
        trace: Some(trace(words, false)),
        logged: true,
    }
}

pub fn audit_view(words: &Words) -> AuditView {
    AuditView {
        filters: words.filters(paths::audit(), &[], "Description, target or actor"),
        range: range(),
        rows: audit_rows(words),
        pager: pager(4),
    }
}

pub fn audit_entry(words: &Words) -> AuditEntryView {
    let changed = |field: &str, before: Option<&str>, after: Option<&str>| Changed {
        field: words.t(field),
        before: before.map(|text| words.t(text).into()),
        after: after.map(|text| words.t(text).into()),
    };
    let known = ChangedValue(vec![ValuePart::Known(KnownId {
        id: words.t("id_1"),
        name: words.t("ada"),
        href: Some(paths::identity("id_1")),
    })]);
    AuditEntryView {
        id: words.t("aud_0"),
        at: ago(5 * MINUTE),
        event: words.t("key.update"),
        description: words.t("Changed the expiry of web app"),
        actor: words.t("ada@example.com"),
        actor_kind: words.t("user"),
        actor_id: words.t("user_1"),
        actor_href: None,
        door: words.t("dashboard"),
        ip: Some(words.t("198.51.100.4")),
        user_agent: Some(words.t("Firefox on Linux")),
        request_id: words.t("req_9"),
        request_logged: false,
        changes: vec![
            changed("expires", None, Some("2025-12-01T00:00:00Z")),
            changed("name", Some("web"), Some("web app")),
            Changed { field: words.t("identity"), before: None, after: Some(known) },
            changed("meta", Some("{\"plan\":\"free\"}"), Some("{\"plan\":\"pro\"}")),
        ],
        targets: vec![
            AuditTarget {
                kind: words.t("key"),
                id: words.t("key_1"),
                name: Some(words.t("web app")),
                href: Some(paths::key("key_1")),
                meta: words.t("{\n  \"start\": \"live_3ZHJ\"\n}"),
            },
            AuditTarget {
                kind: words.t("api"),
                id: words.t("api_2x9"),
                name: None,
                href: None,
                meta: String::new(),
            },
        ],
        related: audit_rows(words),
    }
}

pub fn namespace_view(words: &Words) -> NamespaceView {
    let one = |identifier: &str, passed, blocked, applied: bool| IdentifierUse {
        identifier: words.t(identifier),
        applied: applied.then(|| (words.t("rlor_1"), words.t("1,000 / 1m"))),
        passed,
        blocked,
        passed_tokens: passed * 3,
        blocked_tokens: blocked * 3,
        last: Some(ago(MINUTE)),
    };
    NamespaceView {
        namespace: words.namespace(),
        filters: words.filters(paths::namespace("rlns_4k"), &[("since", "24h")], "Identifier"),
        range: range(),
        requests: bars("requests", words.t("Requests"), &Outcome::DECISIONS),
        tokens: bars("tokens", words.t("Tokens"), &Outcome::DECISIONS),
        latency: line_chart("latency", words.t("Latency"), Unit::Latency, words.all(&["p50", "p95", "p99"])),
        identifiers: vec![
            one("user_123", 18_204, 12, false),
            one("203.0.113.7", 410, 1_980, false),
            one("ops@acme.example", 92_110, 0, true),
        ],
        sorting: web::components::Sorting { column: "passed".to_owned(), descending: true },
        left_out: words.t("Only the first 100 are shown."),
    }
}

pub fn namespace_logs(words: &Words) -> NamespaceLogsView {
    let row = |index: i64| DecisionRow {
        href: paths::namespace_logs("rlns_4k").with(QUERY, &words.t(&format!("req_{index}"))),
        at: ago(index * 4_000),
        identifier: words.t("user_123"),
        passed: index % 3 != 1,
        limit: 100,
        remaining: 100 - index,
        duration_ms: Some(MINUTE),
        cost: 1,
        reset: ago(-30_000),
        overridden: index == 2,
        latency_us: 41 + index,
    };
    NamespaceLogsView {
        namespace: words.namespace(),
        filters: words.filters(paths::namespace_logs("rlns_4k"), &[], "Identifier"),
        range: range(),
        live: live(true),
        requests: bars("requests", words.t("Decisions"), &Outcome::DECISIONS),
        rows: (0..9).map(row).collect(),
        pager: pager(9),
    }
}

/// The age of the oldest sample, so that retention texts agree.
pub const OLDEST: i64 = 90 * DAY;
