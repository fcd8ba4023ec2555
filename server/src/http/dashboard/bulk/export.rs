//! Lists as files, with the choice of rows that the list's own page offers.

use chrono::DateTime;
use web::form::FormState;
use web::pages::export::{ExportView, export as export_page};
use web::paths::{FROM, SINCE, TO};
use web::texts::bulk as text;

use super::export_fields::KINDS;
use super::{export_fields, streamed_file};
use crate::http::dashboard::event_query::event_page;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::key_filter::key_filter;
use crate::http::dashboard::logs::{audit_filter, request_filter};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::ratelimits::decisions;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::audit::AuditFilter;
use base::error::{Code, Error, Result};
use domain::transfer::{Export, Format, List};
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;

/// Events of this span are exported unless another is chosen.
const SPAN: &str = "24h";

/// `GET /export`: the form, and with `download` the file.
///
/// The entry of the audit log is written with the first part; the cursors of the
/// others never leave the server.
pub async fn export(request: MemberRequest) -> Result<Reply> {
    let asked = request.query().text("what");
    let what = KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == asked).unwrap_or("keys");
    if request.query().text("download") != "1" {
        return Ok(Reply::page(page(&request, what, Vec::new()).await?));
    }
    match download(&request, what).await {
        Ok(answer) => Ok(answer),
        Err(error) if is_about_choice(error.code()) => {
            let problem = (export_fields::blamed(what).to_owned(), error.detail().to_owned());
            Ok(Reply::form_again(page(&request, what, vec![problem]).await?))
        }
        Err(error) => Err(error),
    }
}

/// Whether another choice of rows could have been exported.
fn is_about_choice(code: Code) -> bool {
    matches!(code, Code::InvalidInput | Code::NamespaceNotFound | Code::ApiNotFound)
}

async fn download(request: &MemberRequest, what: &str) -> Result<Reply> {
    let format = Format::parse(request.query().given("format").unwrap_or("csv"))?;
    let export = Export { list: list(request, what)?, format };
    let first = request.app.transfer.export(&request.cx, &export, None).await?;
    let content_type = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/x-ndjson",
    };
    let day = DateTime::from_timestamp_millis(request.now_ms()).unwrap_or_default().format("%Y-%m-%d");
    let name = format!("{what}-{day}.{}", format.extension());
    let (app, cx) = (request.app.clone(), request.cx.clone());
    let more = move |cursor: String| {
        let (app, cx, export) = (app.clone(), cx.clone(), export.clone());
        async move {
            let part = app.transfer.export(&cx, &export, Some(cursor)).await?;
            Ok((part.text, part.next))
        }
    };
    Ok(Reply::download(content_type, name, streamed_file::parts((first.text, first.next), more)))
}

fn list(request: &MemberRequest, what: &str) -> Result<List> {
    let query = request.query();
    let text = |name: &str| query.given(name).map(ToOwned::to_owned);
    Ok(match what {
        "keys" => List::Keys { api: text("api").map(Into::into), filter: key_filter(query) },
        "identities" => List::Identities { search: text("q") },
        "permissions" => List::Permissions,
        "roles" => List::Roles,
        "overrides" => {
            let namespace =
                text("namespace").ok_or_else(|| Error::invalid(text::OVERRIDES_OF_WHICH_NAMESPACE))?;
            List::Overrides { namespace: namespace.into() }
        }
        "audit" => List::Audit(Box::new(audit(request)?)),
        "verifications" => List::Events(Box::new(events(request, Kind::Verifications)?)),
        "ratelimits" => List::Events(Box::new(events(request, Kind::Ratelimits)?)),
        _ => List::Events(Box::new(events(request, Kind::Requests)?)),
    })
}

fn audit(request: &MemberRequest) -> Result<AuditFilter> {
    let query = request.query();
    let span = is_spanned(query).then(|| span(request)).transpose()?;
    Ok(audit_filter(query, span.as_ref()))
}

fn is_spanned(query: &Fields) -> bool {
    [SINCE, FROM, TO].iter().any(|name| query.given(name).is_some())
}

/// What is chosen in the form goes before what the list had from the calendar.
fn span(request: &MemberRequest) -> Result<TimeSpan> {
    let query = request.query();
    if query.given(SINCE).is_none() {
        return TimeSpan::exactly(request, SPAN);
    }
    let pairs = query.pairs().iter().filter(|(name, _)| ![FROM, TO].contains(&name.as_str()));
    let chosen = Fields::new(pairs.cloned().collect())?;
    TimeSpan::read(&chosen, request.zone, request.now_ms(), SPAN).or_problem()
}

fn events(request: &MemberRequest, kind: Kind) -> Result<PageOf> {
    Ok(event_page(request, kind, &span(request)?, filter(kind, request), 0))
}

/// The parameters that logs have in their addresses.
fn filter(kind: Kind, request: &MemberRequest) -> Filter {
    let query = request.query();
    let all = |name: &str| query.all(name).map(ToOwned::to_owned).collect();
    let of_requests = request_filter(query).0;
    if kind == Kind::Requests {
        return of_requests;
    }
    Filter {
        apis: all("api"),
        keys: all("key"),
        identities: all("identity"),
        external_ids: all("external_id"),
        tags: all("tag"),
        namespaces: all("namespace"),
        identifiers: all("identifier"),
        request_ids: of_requests.request_ids,
        ips: of_requests.ips,
        root_keys: of_requests.root_keys,
        text: of_requests.text,
        outcomes: if kind == Kind::Ratelimits { decisions(request) } else { all("outcome") },
        ..Filter::default()
    }
}

async fn page(request: &MemberRequest, what: &str, mut errors: Vec<(String, String)>) -> Result<String> {
    let apis = request.app.apis.list(&request.cx).await?;
    let shown = is_spanned(request.query()).then(|| TimeSpan::of(request, SPAN).range);
    let fields = export_fields::of(what, &apis, shown.as_ref());
    let has_time = fields.iter().any(|field| field.name == SINCE);
    let problem = shown.and_then(|range| range.problem).filter(|_| has_time && errors.is_empty());
    errors.extend(problem.map(|problem| (SINCE.to_owned(), problem)));
    let shown: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let pairs = request.query().pairs();
    let kept = pairs.iter().filter(|(name, value)| {
        !value.is_empty() && !shown.contains(&name.as_str()) && export_fields::is_choice(what, name)
    });
    let view = ExportView {
        kinds: KINDS.iter().map(|(value, name)| ((*value).to_owned(), (*name).to_owned())).collect(),
        what: what.to_owned(),
        kept: kept.cloned().collect(),
        form: FormState { errors, ..FormState::new(pairs.to_vec()) },
        fields,
    };
    Ok(export_page(&request.shell, &view))
}
