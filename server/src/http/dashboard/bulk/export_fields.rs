//! What can be exported, and by what its rows are chosen.

use web::components::TimeRange;
use web::pages::export::ExportField;

use domain::apis::Api;

/// Value and name.
pub const KINDS: [(&str, &str); 9] = [
    ("keys", "Keys"),
    ("identities", "Identities"),
    ("permissions", "Permissions"),
    ("roles", "Roles"),
    ("overrides", "Overrides"),
    ("verifications", "Verifications"),
    ("ratelimits", "Rate-limit decisions"),
    ("requests", "Requests"),
    ("audit", "Audit log"),
];

const SPANS: [(&str, &str); 6] = [
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
    ("400d", "Last 400 days"),
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
        "keys" => vec![
            api(apis),
            field("q", "Filter", "As in the list of keys: status:expired last_used:>90d. Empty for all."),
        ],
        "identities" => vec![field("q", "Search", "Part of the external id or the id. Empty for all.")],
        "overrides" => vec![field("namespace", "Namespace", "Its name or id.")],
        "verifications" => vec![
            span("Last 24 hours", shown),
            api(apis),
            field("key", "Key id", ""),
            field("external_id", "External id", ""),
            field("outcome", "Outcome", "Such as VALID or RATE_LIMITED."),
            field("tag", "Tag", ""),
        ],
        "ratelimits" => {
            vec![
                span("Last 24 hours", shown),
                field("namespace", "Namespace id", ""),
                field("identifier", "Identifier", ""),
            ]
        }
        "requests" => vec![
            span("Last 24 hours", shown),
            field("q", "Search", "Words of what is logged, or ids."),
            field("path", "Path", "Such as /v2/keys.verifyKey."),
            field("status", "Status", "Such as 404."),
            field("caller", "Root key id", ""),
        ],
        "audit" => vec![
            span("All there is", shown),
            field("q", "Search", "Words of descriptions, names and changed values."),
            field("event", "Event", "Such as key.create, or key.* for all of keys."),
            field("actor", "Actor id", "Of whoever acted."),
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
    let all = [(String::new(), "All".to_owned())];
    let each = apis.iter().map(|api| (api.id.to_string(), api.name.clone()));
    ExportField { options: all.into_iter().chain(each).collect(), ..field("api", "API", "") }
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
    ExportField { options, ..field("since", "Time", "") }
}
