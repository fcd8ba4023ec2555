//! What operators look after.

use web::charts::{Bars, Rank, Ranks, Unit};
use web::components::{Changed, ChangedValue, Outcome, SavedView, Tone, ValuePart};
use web::pages::consent::ConsentView;
use web::pages::export::{ExportField, ExportView};
use web::pages::home::{Failing, HealthFact, HomeView, Warning};
use web::pages::import::{ImportKind, ImportView};
use web::pages::invite::InviteView;
use web::pages::jobs::{JobResult, JobRow, JobView, JobsView, RowState};
use web::pages::login::{LoginView, SecondFactorView};
use web::pages::parts::Compared;
use web::pages::root_key::{RootKeySecretView, RootKeyView};
use web::pages::root_key_form::{
    GrantGroup, GrantOption, GrantPlace, GrantScope, GrantTemplate, RootKeyFormView,
};
use web::pages::root_keys::{RootKeyRow, RootKeysView};
use web::pages::search::{Hit, HitGroup, SearchView};
use web::pages::settings::addresses::AddressesView;
use web::pages::settings::ai::{AiView, ProgramRow, Snippets};
use web::pages::settings::configuration::{ConfigurationView, DifferenceRow, PlanView};
use web::pages::settings::danger::DangerView;
use web::pages::settings::doctor::{FindingRow, ReportView};
use web::pages::settings::general::GeneralView;
use web::pages::settings::migrations::{MigrationRow, MigrationsView};
use web::pages::settings::retention::RetentionView;
use web::pages::settings::security::{SecondFactor, SecurityView};
use web::pages::settings::sessions::{SessionRow, SessionsView};
use web::pages::settings::team::{Invite, Member, TeamView};
use web::pages::settings::v1::{V1Mode, V1View};
use web::pages::setup::SetupView;
use web::pages::sql::{PastQuery, SqlAnswer, SqlChart, SqlView};
use web::pages::start::{StartView, Step};
use web::paths;
use web::trusted::TrustedHtml;

use super::entities::shown;
use super::logs::{OLDEST, audit_rows, requests};
use super::shells::asset;
use super::{DAY, HOUR, MINUTE, Words, ago, bars, here, line_chart, no_bars, pager, range, sorting};

pub fn login(words: &Words, refused: bool) -> LoginView {
    LoginView {
        form: words.form(
            &[("email", "ada@example.com"), ("password", "typed before")],
            if refused { &[""] } else { &[] },
        ),
        next: words.t("/keys/key_1"),
        session_ended: refused,
    }
}

pub fn second_factor(words: &Words) -> SecondFactorView {
    SecondFactorView { form: words.form(&[("code", "12")], &["code"]), next: words.t("/") }
}

pub fn setup(words: &Words) -> SetupView {
    SetupView {
        token: words.t("token"),
        form: words.form(&[("workspace", "Acme"), ("email", "ada")], &["email", "password"]),
        min_password: 12,
    }
}

pub fn invite(words: &Words, has_account: bool) -> InviteView {
    InviteView {
        token: words.t("token"),
        workspace: words.t("Acme"),
        email: Some(words.t("grace@example.com")),
        role: words.t("operator"),
        signed_in_as: has_account.then(|| words.t("grace@example.com")),
        form: words.form(&[("name", "Grace")], &[]),
        min_password: 12,
    }
}

pub fn start(words: &Words, protect: bool, step: Step, with_secret: bool) -> StartView {
    StartView {
        protect,
        step,
        form: words.form(&[("name", "payments")], &[]),
        nonce: words.t("nonce"),
        shown: with_secret.then(|| web::components::ShownOnce {
            link: None,
            made_link: None,
            ..shown(words, "Root key", false)
        }),
        commands: words.pairs(&[("Verify a key", "curl https://keys.example.com/v2/keys.verifyKey")]),
        again: Some(paths::start_protect().with("api", "api_2x9")),
        seen: Some((words.t("web app was verified: VALID, 0.4 ms"), paths::verification("req_1"))),
        end: Some(paths::api("api_2x9")),
    }
}

pub fn home(words: &Words, some: bool) -> HomeView {
    let concern = |tone, title: &str, detail: &str, go: &str| Warning {
        tone,
        title: words.t(title),
        about: Some(words.t("user_123")),
        detail: words.t(detail),
        href: paths::apis().with("status", "expiring"),
        go: words.t(go),
    };
    let failing = |kind: &str, label: &str, refused, of, mostly| Failing {
        kind: words.t(kind),
        label: words.t(label),
        href: paths::key("key_1"),
        refused,
        of,
        mostly,
    };
    let health =
        |name: &str, value: &str, tone| HealthFact { name: words.t(name), value: words.t(value), tone };
    let compared = |now, before| if some { Compared { now, before } } else { Compared::default() };
    let chart: fn(&'static str, String, &[Outcome]) -> Bars = if some { bars } else { no_bars };
    HomeView {
        here: here(paths::home(), &[]),
        range: range(),
        is_before_known: true,
        before: some.then(|| words.t("the 24 hours before")),
        verifications: compared(1_482_004, 1_391_220),
        denials: compared(31_207, 12_410),
        unknown: compared(41, 0),
        unknown_note: None,
        decisions: compared(204_110, 231_004),
        blocked: compared(9_201, 9_900),
        requests: chart("requests", words.t("Verifications"), &Outcome::VERIFICATIONS),
        concerns: if some {
            vec![
                concern(
                    Tone::Error,
                    "Denials doubled since yesterday",
                    "Mostly rate limited, most of them with 3 keys.",
                    "See requests",
                ),
                concern(
                    Tone::Caution,
                    "12 keys expire within a week",
                    "The first one in 14 hours: web app.",
                    "See keys",
                ),
                concern(
                    Tone::Info,
                    "2 root keys were not used in 90 days",
                    "One of them has every right.",
                    "See root keys",
                ),
            ]
        } else {
            vec![]
        },
        failing: if some {
            vec![
                failing("key", "web app", 1_202, 92_406, Outcome::RateLimited),
                failing("identity", "user_123", 340, 352, Outcome::InsufficientPermissions),
                failing("identifier", "203.0.113.7", 1_980, 2_390, Outcome::Blocked),
            ]
        } else {
            vec![]
        },
        changes: if some { audit_rows(words) } else { vec![] },
        health: vec![
            health("Version", "0.1.0", Tone::Quiet),
            health("Up since", "12 days", Tone::Quiet),
            health("Verify, p50 / p99", "0.08 / 0.4 ms", Tone::Good),
            health("Event queue", "empty", Tone::Good),
            health("Storage", "2.1 GiB of 40 GiB", Tone::Good),
            health("Last backup", "9 days ago", Tone::Caution),
        ],
        views: vec![SavedView {
            id: words.t("view_1"),
            name: words.t("Expiring this month"),
            href: paths::apis().with("status", "expiring"),
            shared: true,
            deletable: true,
        }],
        first_steps: !some,
    }
}

pub fn root_keys(words: &Words, some: bool) -> RootKeysView {
    let row = |id: &str, name: Option<&str>, full, enabled| RootKeyRow {
        id: words.t(id),
        name: name.map(|name| words.t(name)),
        start: words.t("unkey_4aB"),
        last4: words.t("7Tq1"),
        full,
        permissions: 6,
        enabled,
        created: ago(90 * DAY),
        last_used: (!full).then(|| ago(MINUTE)),
        expires: full.then(|| ago(-30 * DAY)),
        states: if full {
            vec![words.chip(Tone::Caution, "Never used", "It has every right and was never used.")]
        } else {
            vec![]
        },
    };
    let rows = vec![
        row("rk_1", Some("billing service"), false, true),
        row("rk_2", Some("bootstrap"), true, true),
        row("rk_3", None, false, false),
    ];
    RootKeysView {
        filters: web::components::Filters::search_only(
            here(paths::root_keys(), &[]),
            &words.t("Name, start or permission"),
        ),
        rows: if some { rows } else { vec![] },
        sorting: sorting(),
        pager: pager(3),
    }
}

pub fn root_key(words: &Words) -> RootKeyView {
    RootKeyView {
        key: words.named("rk_1", "billing service"),
        start: words.t("unkey_4aB"),
        last4: words.t("7Tq1"),
        states: vec![words.chip(Tone::Good, "Active", "")],
        full: false,
        enabled: true,
        created: ago(90 * DAY),
        created_by: Some(words.t("ada@example.com")),
        last_used: Some(ago(MINUTE)),
        expires: None,
        limit_per_minute: Some(600),
        client: Some(words.t("Cursor")),
        ip_allowlist: words.all(&["10.0.0.0/8"]),
        permissions: words.all(&["api.*.verify_key", "api.api_2x9.create_key", "api.*.delete_api"]),
        called: vec![(words.t("/v2/keys.verifyKey"), 14_820), (words.t("/v2/keys.createKey"), 214)],
        range: range(),
        here: here(paths::root_key("rk_1"), &[]),
        requests: bars("requests", words.t("Requests"), &Outcome::RESPONSES),
        recent: requests(words),
        changes: audit_rows(words),
    }
}

pub fn root_key_secret(words: &Words) -> RootKeySecretView {
    RootKeySecretView {
        key: words.named("rk_1", "billing service"),
        title: words.t("Root key created"),
        shown: web::components::ShownOnce { link: None, made_link: None, ..shown(words, "Root key", false) },
    }
}

pub fn root_key_form(words: &Words, some: bool) -> RootKeyFormView {
    let option = |permission: &str, label: &str| GrantOption {
        permission: words.t(permission),
        label: words.t(label),
    };
    let group = |title: &str, options| GrantGroup { title: words.t(title), options };
    let scope = |title: &str, id: &str| GrantScope {
        title: words.t(title),
        id: if id.is_empty() { String::new() } else { words.t(id) },
        groups: vec![
            group(
                "Keys",
                vec![
                    option(&format!("api.{id}.verify_key"), "Verify"),
                    option(&format!("api.{id}.create_key"), "Create"),
                    option(&format!("api.{id}.read_key"), "Read"),
                    option(&format!("api.{id}.update_key"), "Update"),
                    option(&format!("api.{id}.delete_key"), "Delete"),
                    option(&format!("api.{id}.decrypt_key"), "Decrypt"),
                ],
            ),
            group(
                "API",
                vec![
                    option(&format!("api.{id}.read_api"), "Read"),
                    option(&format!("api.{id}.update_api"), "Update"),
                ],
            ),
        ],
    };
    let template = |name: &str, about: &str| GrantTemplate {
        name: words.t(name),
        about: words.t(about),
        code: words.t(name),
    };
    RootKeyFormView {
        key: some.then(|| words.named("rk_1", "billing service")),
        nonce: words.t("nonce"),
        form: words.chosen(
            words.form(&[("name", "billing service"), ("limit_per_minute", "600")], &[]),
            &[("permissions", "api.api_2x9.create_key"), ("expires", "never")],
        ),
        scopes: vec![scope("Whole workspace", ""), scope("payments", "api_2x9"), scope("maps", "api_7Qa")],
        templates: vec![
            template("Verify only", "For services that check keys."),
            template("Issuer", "For the backend that makes keys for users."),
            template("CI", "Reads settings, changes nothing."),
        ],
        places: vec![GrantPlace { value: words.t("payments"), about: words.t("API") }],
        zone: words.t("CET"),
    }
}

pub fn job_row(words: &Words, running: bool) -> JobRow {
    JobRow {
        id: words.t("job_1"),
        title: words.t("Disable 1,204 keys of payments"),
        state: words.chip(
            if running { Tone::Info } else { Tone::Good },
            if running { "Running" } else { "Done" },
            "",
        ),
        done: if running { 730 } else { 1_204 },
        total: 1_204,
        failed: 2,
        started: ago(40_000),
        started_by: words.t("ada@example.com"),
        finished: (!running).then(|| ago(2_000)),
    }
}

pub fn jobs(words: &Words, some: bool) -> JobsView {
    let rows = vec![job_row(words, true), job_row(words, false)];
    JobsView { here: here(paths::jobs(), &[]), rows: if some { rows } else { vec![] }, pager: pager(2) }
}

pub fn job(words: &Words, running: bool) -> JobView {
    let result = |subject: &str, state, message: &str| JobResult {
        subject: words.t(subject),
        href: Some(paths::key(subject)),
        state,
        message: words.t(message),
    };
    JobView {
        job: job_row(words, running),
        running,
        undo: !running,
        error: running.then(|| words.t("The workspace is disabled.")),
        here: here(paths::job("job_1"), if running { &[] } else { &[("failed", "1")] }),
        failed_only: !running,
        results: vec![
            result("key_7", RowState::Failed, "The key was deleted meanwhile."),
            result("key_1", RowState::Done, ""),
            JobResult { href: None, ..result("key_2", RowState::Waiting, "") },
        ],
        pager: pager(3),
        request: words.t("{\n  \"kind\": \"disable_keys\"\n}"),
    }
}

pub fn import(words: &Words, refused: bool) -> ImportView {
    let faults = [("line 14", "`expires` is no time."), ("line 201", "`meta` is no JSON.")];
    ImportView {
        nonce: words.t("nonce"),
        kinds: vec![ImportKind {
            value: "keys".to_owned(),
            name: words.t("Keys"),
            columns: words.pairs(&[("hash", "SHA-256 in base64"), ("name", "")]),
            csv: words.t("hash,name"),
            json: words.t("{}"),
        }],
        apis: vec![words.named("api_2x9", "payments"), words.named("api_7Qa", "maps")],
        form: words.form(&[], if refused { &["file"] } else { &[] }),
        faults: if refused { words.pairs(&faults) } else { vec![] },
    }
}

pub fn export(words: &Words) -> ExportView {
    let field = |name: &str, label: &str, options| ExportField {
        name: name.to_owned(),
        label: words.t(label),
        help: words.t("Empty for all."),
        options,
    };
    ExportView {
        kinds: vec![("keys".to_owned(), words.t("Keys")), ("audit".to_owned(), words.t("Audit log"))],
        what: "keys".to_owned(),
        form: words.form(&[("filter", "status:expired")], &["filter"]),
        fields: vec![
            field("api", "API", words.pairs(&[("", "All"), ("api_2x9", "payments")])),
            field("filter", "Filter", vec![]),
        ],
        kept: words.pairs(&[("status", "expired")]),
    }
}

pub fn search(words: &Words, some: bool) -> SearchView {
    let hit = |title: &str, id: &str, detail: &str| Hit {
        title: words.t(title),
        id: words.t(id),
        href: paths::key("key_1"),
        detail: words.t(detail),
        states: vec![words.chip(Tone::Good, "Active", "")],
    };
    let group = |kind: &str, hits| HitGroup {
        kind: words.t(kind),
        hits,
        more: Some(paths::audit().with("q", "web")),
    };
    SearchView {
        words: words.t("web"),
        groups: if some {
            vec![
                group("Keys", vec![hit("web app", "key_1", "name"), hit("web hooks", "key_2", "name")]),
                group("Identities", vec![hit("web-team", "id_1", "external id")]),
            ]
        } else {
            vec![]
        },
        secret_not_found: false,
    }
}

pub fn sql(words: &Words, asked: bool) -> SqlView {
    let past = |query: &str, end| PastQuery {
        query: words.t(query),
        href: paths::sql().with("again", "a1b2"),
        asked: ago(HOUR),
        took_ms: 1_041,
        end,
    };
    let many = (1..8).map(|number| past(&format!("SELECT {number}"), Ok(number)));
    let refused = past("SELEC 1", Err("invalid_analytics_query".to_owned()));
    SqlView {
        form: words.form(
            &[("query", "SELECT outcome, count(*) AS requests\nFROM verifications\nGROUP BY outcome")],
            &[],
        ),
        answer: asked.then(|| SqlAnswer {
            columns: words.all(&["outcome", "requests"]),
            rows: vec![words.all(&["VALID", "1482004"]), words.all(&["RATE_LIMITED", "29201"])],
            total: 1_204,
            took_ms: 41,
            chart: Some(SqlChart::Lines(line_chart(
                "answer",
                words.t("requests"),
                Unit::Count,
                words.all(&["requests"]),
            ))),
        }),
        tables: vec![(
            words.t("verifications"),
            words.pairs(&[("time", "timestamp"), ("outcome", "text"), ("key_id", "text")]),
        )],
        examples: words
            .pairs(&[("Outcomes", "SELECT outcome, count(*) FROM verifications GROUP BY outcome")]),
        saved: if asked {
            vec![saved_query(words, "Refusals", true), saved_query(words, "Bill", false)]
        } else {
            vec![]
        },
        history: if asked { std::iter::once(refused).chain(many).collect() } else { vec![] },
        functions: words.all(&["count", "sum"]),
        script: asset("query.js"),
    }
}

fn saved_query(words: &Words, name: &str, shared: bool) -> SavedView {
    let href = paths::sql().with("query", "SELECT 1");
    SavedView { id: words.t("view_1"), name: words.t(name), href, shared, deletable: true }
}

/// Saving was refused, and the answer is bars.
pub fn sql_refused(words: &Words) -> SqlView {
    let ranks = [("VALID", "1,482,004", 1_482_004), ("RATE_LIMITED", "29,201", 29_201)]
        .map(|(label, value, length)| Rank { label: words.t(label), value: words.t(value), length });
    let view = sql(words, true);
    let chart = SqlChart::Ranks(Ranks {
        title: words.t("requests by outcome"),
        heads: (words.t("outcome"), words.t("requests")),
        ranks: ranks.to_vec(),
    });
    SqlView {
        form: words.form(&[("query", "SELECT 1"), ("name", ""), ("shared", "on")], &["name"]),
        answer: view.answer.map(|answer| SqlAnswer { chart: Some(chart), ..answer }),
        ..view
    }
}

pub fn general(words: &Words) -> GeneralView {
    GeneralView {
        form: words.form(&[("name", "Acme"), ("slug", "acme")], &["slug"]),
        created: ago(400 * DAY),
        requests_per_minute: Some(6_000),
        server: words.pairs(&[("data_dir", "./data"), ("listen", "127.0.0.1:3000")]),
    }
}

pub fn team(words: &Words) -> TeamView {
    let member = |id: &str, email: &str, role: &str, you| Member {
        id: words.t(id),
        email: words.t(email),
        name: words.t("Ada Lovelace"),
        role: words.t(role),
        version: "v1".to_owned(),
        chosen: None,
        second_factor: you,
        last_seen: Some(ago(HOUR)),
        you,
    };
    TeamView {
        members: vec![
            member("user_1", "ada@example.com", "owner", true),
            member("user_2", "grace@example.com", "operator", false),
        ],
        invites: vec![Invite {
            id: words.t("inv_1"),
            email: Some(words.t("edsger@example.com")),
            role: words.t("viewer"),
            invited_by: words.t("ada@example.com"),
            expires: ago(-2 * DAY),
            expired: false,
        }],
        form: words.form(&[("email", "nobody"), ("role", "viewer")], &["email"]),
        nonce: words.t("nonce"),
        link: Some(words.t("https://keys.example.com/invites/9aXy")),
    }
}

pub fn sessions(words: &Words) -> SessionsView {
    let row = |id: &str, current| SessionRow {
        id: words.t(id),
        browser: words.t("Firefox on Linux"),
        ip: Some(words.t("198.51.100.4")),
        started: ago(3 * DAY),
        last_seen: Some(ago(MINUTE)),
        current,
    };
    SessionsView { sessions: vec![row("ses_1", true), row("ses_2", false)] }
}

pub fn configuration(words: &Words, planned: bool) -> ConfigurationView {
    let value = |text: &str| Some(ChangedValue(vec![ValuePart::Text(words.t(text))]));
    let difference = |event: &str, changes: Vec<Changed>| DifferenceRow {
        event: event.to_owned(),
        name: words.t("Payments"),
        description: words.t("Updated API api_1"),
        changes,
    };
    let prefix = Changed { field: words.t("Default prefix"), before: None, after: value("pay") };
    ConfigurationView {
        yaml: words.t("version: 1\napis:\n  - name: Payments\n"),
        form: words
            .form(&[("document", "version: 1\napis:\n  - name: Payments"), ("prune", "on")], &["document"]),
        plan: planned.then(|| PlanView {
            differences: vec![difference("api.create", vec![]), difference("api.update", vec![prefix])],
            version: "plan".to_owned(),
        }),
    }
}

pub fn doctor(words: &Words) -> ReportView {
    let row = |check: &str, tone, severity: &str, found: &str, remedy: Option<&str>| FindingRow {
        check: words.t(check),
        tone,
        severity: severity.to_owned(),
        found: words.t(found),
        remedy: remedy.map(|remedy| words.t(remedy)),
    };
    let findings = vec![
        row(
            "permissions",
            Tone::Error,
            "error",
            "Others may read 1 file: app.db.",
            Some("unkey doctor --fix"),
        ),
        row(
            "clock",
            Tone::Caution,
            "warning",
            "The clock was set back once.",
            Some("timedatectl set-ntp true"),
        ),
        row("public-url", Tone::Info, "unknown", "It was not done within 3 seconds.", None),
        row("integrity", Tone::Good, "ok", "app.db is whole.", None),
    ];
    ReportView { at: ago(HOUR), findings }
}

pub fn security(words: &Words, second_factor: SecondFactor) -> SecurityView {
    let codes = matches!(second_factor, SecondFactor::On { .. });
    SecurityView {
        form: words.form(&[("name", "Ada"), ("zone", "Europe/Paris")], &["current"]),
        zones: words.pairs(&[("UTC", "UTC"), ("Europe/Paris", "Europe/Paris")]),
        second_factor,
        codes: if codes { words.all(&["1111-2222", "3333-4444"]) } else { vec![] },
        min_password: 12,
    }
}

pub fn enrolling(words: &Words) -> SecondFactor {
    let qr = "<svg viewBox=\"0 0 3 3\"><path d=\"M0 0h1v1H0zM2 2h1v1H2z\"/></svg>";
    SecondFactor::Enrolling {
        qr: TrustedHtml::from_own_markup(qr.to_owned()),
        secret: words.t("JBSWY3DPEHPK3PXP"),
        sealed: words.t("sealed"),
    }
}

pub fn retention(words: &Words) -> RetentionView {
    RetentionView {
        kept: words.pairs(&[("Verifications", "400 days"), ("Audit log", "for ever")]),
        sizes: vec![(words.t("Events"), 1_900_000_000), (words.t("Indexes"), 310_000_000)],
        cap: Some(10 << 30),
        events: 10_482_004,
        oldest: Some(ago(OLDEST)),
        dropped: 0,
    }
}

pub fn addresses(words: &Words, public: bool) -> AddressesView {
    AddressesView {
        public_url: public.then(|| words.t("https://keys.example.com")),
        origin: words.t("https://keys.example.com"),
        listen: words.t("127.0.0.1:3000"),
        certificate: public.then(|| words.t("good from 2026-10-01 00:00:00 UTC to 2026-12-30 00:00:00 UTC")),
        certificate_failure: public.then(|| words.t("the authority does not answer")),
        metrics: public.then(|| words.t("127.0.0.1:9090")),
        trusted_proxies: if public { words.all(&["10.0.0.0/8"]) } else { vec![] },
        your_ip: Some(words.t("198.51.100.4")),
    }
}

pub fn v1(words: &Words) -> V1View {
    let mode = if words.instead.is_some() { V1Mode::Off } else { V1Mode::On };
    V1View { mode, unknown_per_minute: Some(600), served: 41_204, refused: 12, since: ago(12 * DAY) }
}

pub fn migrations(words: &Words, some: bool) -> MigrationsView {
    let row = |id: &str, waiting| MigrationRow {
        id: words.t(id),
        algorithm: words.t("sha256"),
        waiting,
        created: ago(20 * DAY),
    };
    MigrationsView {
        rows: if some { vec![row("mig_1", 392), row("mig_2", 0)] } else { vec![] },
        algorithms: words
            .pairs(&[("sha256", "SHA-256"), ("github.com/seamapi/prefixed-api-key", "Prefixed")]),
        form: words.form(&[], &["algorithm"]),
        nonce: words.t("nonce"),
    }
}

pub fn ai(words: &Words, some: bool) -> AiView {
    let program = ProgramRow {
        client: words.t("Cursor"),
        root_key: words.t("rk_1"),
        name: words.t("billing service"),
        allowed: ago(DAY),
        last_used: Some(ago(MINUTE)),
        expires: Some(ago(-30 * DAY)),
    };
    AiView {
        mcp: some,
        signs_in_at: some.then(|| words.t("http://127.0.0.1:3000")),
        snippets: vec![Snippets {
            title: words.t("Clients of MCP that sign in"),
            about: words.t("The client opens this dashboard."),
            blocks: words.pairs(&[("Cursor", "{ \"url\": \"https://keys.example.com/mcp\" }")]),
        }],
        programs: if some { vec![program] } else { vec![] },
    }
}

pub fn consent(words: &Words) -> ConsentView {
    let RootKeyFormView { form, scopes, templates, places, zone, .. } = root_key_form(words, false);
    ConsentView {
        here: paths::authorize().with("client_id", "oac_1"),
        nonce: words.t("nonce"),
        client: words.t("Cursor"),
        client_id: words.t("oac_1"),
        registered: ago(MINUTE),
        destination: words.t("127.0.0.1, a program on your computer"),
        resource: words.t("https://keys.example.com/mcp"),
        form,
        scopes,
        templates,
        places,
        zone,
    }
}

pub fn danger(words: &Words, last: bool) -> DangerView {
    DangerView { form: words.form(&[], &[]), keys: 1_204, last }
}
