//! Every verification of a key, as a page and as it comes in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{FilterField, FilterKind, Filters, Outcome};
use web::pages::key::{KeyLogView, log as log_page};
use web::pages::parts::{Log, verification_row};
use web::paths::QUERY;
use web::texts::{common, keys as text};

use super::key_page::KeyPage;
use crate::http::dashboard::event_log::EventLog;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::live_log::{LiveLog, follow, is_stream};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::verification::rows_of_key;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::saved_views::saved_views;
use base::access::{Operation, Target};
use base::error::Result;
use base::events::Stored;
use insight::analytics::Filter;
use insight::search::Kind;

/// `GET /keys/:id/log`.
pub async fn log(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let key = KeyPage::of(&request).await?;
    let filter = filter(key.details.key.id.as_str(), request.query());
    if is_stream(&request) {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(follow(request, LiveLog { kind, filter, needs, draw }));
    }
    let log = EventLog::read(&request, Kind::Verifications, filter).await?;
    let rows = rows_of_key(&request, &log.page.events);
    let view = KeyLogView {
        key: key.head(&request).await?,
        filters: filters(&request).await?,
        live: log.live(&request),
        requests: log.bars(&request, "requests", common::VERIFICATIONS, &Outcome::OF_KEYS),
        pager: log.pager(rows.len()),
        rows,
        range: log.span.range,
    };
    Ok(Reply::page(log_page(&request.shell, &view)))
}

fn draw(request: &MemberRequest, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    let here = request.here();
    let rows: Vec<_> =
        rows_of_key(request, &events).iter().map(|row| verification_row(row, Log::OfKey, &here)).collect();
    async move { Ok(rows) }.boxed()
}

fn filter(key: &str, query: &Fields) -> Filter {
    let all = |name: &str| query.all(name).map(ToOwned::to_owned).collect();
    Filter {
        keys: vec![key.to_owned()],
        outcomes: all("outcome"),
        tags: all("tag"),
        ips: all("ip"),
        text: query.given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    }
}

async fn filters(request: &MemberRequest) -> Result<Filters> {
    let text = |name: &str, label: &str, placeholder: &str| FilterField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: FilterKind::Text { placeholder: placeholder.to_owned() },
    };
    let options = Outcome::OF_KEYS.iter().map(|one| (one.code().to_owned(), one.label().to_owned()));
    let outcome = FilterField {
        name: "outcome".to_owned(),
        label: common::OUTCOME.to_owned(),
        kind: FilterKind::AnyOf(options.collect()),
    };
    Ok(Filters {
        here: request.here(),
        searches: text::REQUEST_ID_TAG_OR_SOURCE.to_owned(),
        fields: vec![outcome, text("tag", text::TAG, "path=/v1"), text("ip", common::SOURCE, "203.0.113.9")],
        problems: vec![],
        saved: saved_views(request).await?,
        can_save: true,
    })
}
