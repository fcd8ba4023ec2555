//! What can be exported, and by what its rows are chosen.

use web::components::TimeRange;
use web::pages::export::ExportField;
use web::texts::{bulk as text, common};

use domain::apis::Api;

/// Value and name.
pub const KINDS: [(&str, &str); 9] = [
    ("keys", common::KEYS),
    ("identities", common::IDENTITIES),
    ("permissions", common::PERMISSIONS),
    ("roles", common::ROLES),
    ("overrides", common::OVERRIDES),
    ("verifications", common::VERIFICATIONS),
    ("ratelimits", text::RATE_LIMIT_DECISIONS),
    ("requests", common::REQUESTS),
    ("audit", common::AUDIT_LOG),
];

const SPANS: [(&str, &str); 6] = [
    ("1h", text::LAST_HOUR),
    ("24h", text::LAST_24_HOURS),
    ("7d", text::LAST_7_DAYS),
    ("30d", text::LAST_30_DAYS),
    ("90d", text::LAST_90_DAYS),
    ("400d", text::LAST_400_DAYS),
];

/// Parameters of lists beside those that the form has.
const OF_KEYS: [&str; 10] =
    ["status", "name", "identity", "env", "role", "permission", "last_used", "expires", "created", "credits"];
const OF_EVENTS: [&str; 18] = [
    "q",
    "api",
    "key",
    "identity",
    "external_id",
    "tag",
    "outcome",
    "namespace",
    "identifier",
    "request",
    "ip",
    "caller",
    "method",
    "path",
    "status",
    "since",
    "from",
    "to",
];
const OF_AUDIT: [&str; 4] = ["request", "target", "from", "to"];

/// The fields of the form, where a list's own time is what is first chosen.
pub fn of(what: &str, apis: &[Api], shown: Option<&TimeRange>) -> Vec<ExportField> {
    match what {
        "keys" => vec![api(apis), field("q", common::FILTER, text::FILTER_HELP)],
        "identities" => vec![field("q", common::SEARCH, text::SEARCH_IDENTITIES_HELP)],
        "overrides" => vec![field("namespace", common::NAMESPACE, text::NAMESPACE_HELP)],
        "verifications" => vec![
            span(text::LAST_24_HOURS, shown),
            api(apis),
            field("key", text::KEY_ID, ""),
            field("external_id", text::EXTERNAL_ID, ""),
            field("outcome", common::OUTCOME, text::OUTCOME_HELP),
            field("tag", text::TAG, ""),
        ],
        "ratelimits" => {
            vec![
                span(text::LAST_24_HOURS, shown),
                field("namespace", text::NAMESPACE_ID, ""),
                field("identifier", text::IDENTIFIER, ""),
            ]
        }
        "requests" => vec![
            span(text::LAST_24_HOURS, shown),
            field("q", common::SEARCH, text::SEARCH_REQUESTS_HELP),
            field("path", common::PATH, text::PATH_HELP),
            field("status", common::STATUS, text::STATUS_HELP),
            field("caller", text::ROOT_KEY_ID, ""),
        ],
        "audit" => vec![
            span(text::ALL_THERE_IS, shown),
            field("q", common::SEARCH, text::SEARCH_AUDIT_HELP),
            field("event", common::EVENT, text::EVENT_HELP),
            field("actor", common::ACTOR_ID, text::ACTOR_ID_HELP),
        ],
        _ => Vec::new(),
    }
}

/// Whether a parameter that the form does not have chooses rows all the same.
pub fn is_choice(what: &str, name: &str) -> bool {
    match what {
        "keys" => OF_KEYS.contains(&name),
        "verifications" | "ratelimits" | "requests" => OF_EVENTS.contains(&name),
        "audit" => OF_AUDIT.contains(&name),
        _ => false,
    }
}

/// The field that a refusal most likely is about.
pub fn blamed(what: &str) -> &'static str {
    match what {
        "overrides" => "namespace",
        "keys" => "q",
        _ => "",
    }
}

fn field(name: &str, label: &str, help: &str) -> ExportField {
    ExportField { name: name.to_owned(), label: label.to_owned(), help: help.to_owned(), options: Vec::new() }
}

fn api(apis: &[Api]) -> ExportField {
    let all = [(String::new(), common::ALL.to_owned())];
    let each = apis.iter().map(|api| (api.id.to_string(), api.name.clone()));
    ExportField { options: all.into_iter().chain(each).collect(), ..field("api", common::API, "") }
}

/// Left out, the time is what the list had from the calendar, or `otherwise`.
fn span(otherwise: &str, shown: Option<&TimeRange>) -> ExportField {
    let named = |(value, text): (&str, &str)| (value.to_owned(), text.to_owned());
    let mut options: Vec<_> = SPANS.into_iter().map(named).collect();
    let shown = shown.filter(|range| range.problem.is_none());
    match shown.map(|range| (range.since.clone(), range.label())) {
        Some((None, label)) => options.insert(0, (String::new(), label)),
        Some((Some(since), label)) => {
            options.insert(0, (String::new(), otherwise.to_owned()));
            if !options.iter().any(|(value, _)| *value == since) {
                options.insert(1, (since, label));
            }
        }
        None => options.insert(0, (String::new(), otherwise.to_owned())),
    }
    ExportField { options, ..field("since", common::TIME, "") }
}
