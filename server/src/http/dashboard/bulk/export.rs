//! Lists as files, with the choice of rows that the list's own page offers.

use chrono::DateTime;
use web::components::Outcome;
use web::form::FormState;
use web::pages::export::{ExportView, export as export_page};

use super::super::answer::Answer;
use super::super::fields::Fields;
use super::super::shown::key_filter;
use super::super::visit::Visit;
use super::export_fields::{self, KINDS};
use super::stream;
use crate::analytics::{Filter, PageOf};
use crate::audit::AuditFilter;
use crate::error::{Code, Error, Result};
use crate::search::Kind;
use crate::transfer::{Export, Format, List};

/// Events of this span are exported unless another is chosen.
const SPAN: &str = "24h";

/// `GET /export`: the form, and with `download` the file.
///
/// The entry of the audit log is written with the first part; the cursors of the
/// others never leave the server.
pub async fn export(visit: Visit) -> Result<Answer> {
    let asked = visit.query().text("what");
    let what = KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == asked).unwrap_or("keys");
    if visit.query().text("download") != "1" {
        return Ok(Answer::page(page(&visit, what, Vec::new()).await?));
    }
    match download(&visit, what).await {
        Ok(answer) => Ok(answer),
        Err(error) if is_about_choice(error.code()) => {
            let problem = (export_fields::blamed(what).to_owned(), error.detail().to_owned());
            Ok(Answer::again(page(&visit, what, vec![problem]).await?))
        }
        Err(error) => Err(error),
    }
}

/// Whether another choice of rows could have been exported.
fn is_about_choice(code: Code) -> bool {
    matches!(code, Code::InvalidInput | Code::NamespaceNotFound | Code::ApiNotFound)
}

async fn download(visit: &Visit, what: &str) -> Result<Answer> {
    let format = Format::parse(visit.query().given("format").unwrap_or("csv"))?;
    let export = Export { list: list(visit, what)?, format };
    let first = visit.app.transfer.export(&visit.cx, &export, None).await?;
    let content_type = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/x-ndjson",
    };
    let day = DateTime::from_timestamp_millis(visit.now_ms()).unwrap_or_default().format("%Y-%m-%d");
    let name = format!("{what}-{day}.{}", format.extension());
    let (app, cx) = (visit.app.clone(), visit.cx.clone());
    let more = move |cursor: String| {
        let (app, cx, export) = (app.clone(), cx.clone(), export.clone());
        async move {
            let part = app.transfer.export(&cx, &export, Some(cursor)).await?;
            Ok((part.text, part.next))
        }
    };
    Ok(Answer::file(content_type, name, stream::parts((first.text, first.next), more)))
}

fn list(visit: &Visit, what: &str) -> Result<List> {
    let query = visit.query();
    let text = |name: &str| query.given(name).map(ToOwned::to_owned);
    Ok(match what {
        "keys" => List::Keys { api: text("api").map(Into::into), filter: key_filter(query) },
        "identities" => List::Identities { search: text("q") },
        "permissions" => List::Permissions,
        "roles" => List::Roles,
        "overrides" => {
            let namespace =
                text("namespace").ok_or_else(|| Error::invalid("Overrides of which namespace?"))?;
            List::Overrides { namespace: namespace.into() }
        }
        "audit" => List::Audit(Box::new(audit(visit))),
        "verifications" => List::Events(Box::new(events(visit, Kind::Verifications))),
        "ratelimits" => List::Events(Box::new(events(visit, Kind::Ratelimits))),
        _ => List::Events(Box::new(events(visit, Kind::Requests))),
    })
}

fn audit(visit: &Visit) -> AuditFilter {
    let query = visit.query();
    let text = |name: &str| query.given(name).map(ToOwned::to_owned);
    let spanned = ["since", "from", "to"].iter().any(|name| query.given(name).is_some());
    let span = spanned.then(|| visit.span(SPAN));
    AuditFilter {
        event: text("event"),
        actor: text("actor"),
        target: text("target"),
        text: text("q"),
        request_id: text("request"),
        since_ms: span.as_ref().map(|span| span.start_ms),
        until_ms: span.as_ref().map(|span| span.end_ms),
    }
}

fn events(visit: &Visit, kind: Kind) -> PageOf {
    let span = visit.span(SPAN);
    PageOf {
        kind,
        workspace: visit.cx.workspace.clone(),
        start_ms: span.start_ms,
        end_ms: span.end_ms,
        filter: filter(kind, visit.query()),
        limit: 0,
        after: None,
    }
}

/// The parameters that logs have in their addresses.
fn filter(kind: Kind, query: &Fields) -> Filter {
    let all = |name: &str| query.all(name).map(ToOwned::to_owned).collect();
    let mut filter = Filter {
        apis: all("api"),
        keys: all("key"),
        identities: all("identity"),
        external_ids: all("external_id"),
        tags: all("tag"),
        namespaces: all("namespace"),
        identifiers: all("identifier"),
        request_ids: all("request"),
        ips: all("ip"),
        root_keys: all("caller"),
        methods: all("method"),
        paths: all("path"),
        text: query.given("q").map(ToOwned::to_owned),
        ..Filter::default()
    };
    match kind {
        Kind::Requests => {
            filter.codes = all("outcome");
            for status in query.all("status") {
                match class(status) {
                    Some(class) => filter.outcomes.push(class.to_owned()),
                    None => filter.statuses.push(status.to_owned()),
                }
            }
        }
        Kind::Verifications => filter.outcomes = all("outcome"),
        Kind::Ratelimits => filter.outcomes = query.all("outcome").map(decision).collect(),
    }
    filter
}

/// Requests are counted by the class of their status.
fn class(status: &str) -> Option<&'static str> {
    let is = |outcome: Outcome| outcome.code().eq_ignore_ascii_case(status);
    match () {
        () if is(Outcome::Success) => Some("served"),
        () if is(Outcome::ClientError) => Some("refused"),
        () if is(Outcome::ServerError) => Some("failed"),
        () => None,
    }
}

/// Decisions are stored under other words than are shown.
fn decision(outcome: &str) -> String {
    let is = |shown: Outcome| outcome.eq_ignore_ascii_case(shown.code());
    match () {
        () if is(Outcome::Passed) => "passed".to_owned(),
        () if is(Outcome::Blocked) => "denied".to_owned(),
        () => outcome.to_owned(),
    }
}

async fn page(visit: &Visit, what: &str, errors: Vec<(String, String)>) -> Result<String> {
    let apis = visit.app.apis.list(&visit.cx).await?;
    let fields = export_fields::of(what, &apis);
    let shown: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let pairs = visit.query().pairs();
    let kept = pairs.iter().filter(|(name, value)| {
        !value.is_empty() && !shown.contains(&name.as_str()) && export_fields::is_choice(what, name)
    });
    let view = ExportView {
        kinds: KINDS.iter().map(|(value, name)| ((*value).to_owned(), (*name).to_owned())).collect(),
        what: what.to_owned(),
        kept: kept.cloned().collect(),
        form: FormState { values: pairs.to_vec(), errors },
        fields,
    };
    Ok(export_page(&visit.shell, &view))
}
