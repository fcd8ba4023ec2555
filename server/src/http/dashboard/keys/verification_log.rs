//! Every verification of a key, as a page and as it comes in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{FilterField, FilterKind, Filters, Outcome, Pager};
use web::pages::key::{KeyLogView, log as log_page};
use web::pages::parts::{Live, Log, verification_row};
use web::paths::QUERY;

use super::key_page::KeyPage;
use crate::http::dashboard::charts::outcome_bars;
use crate::http::dashboard::event_query::{event_cursor, event_page, event_question, events_after};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::lists::ROWS;
use crate::http::dashboard::live_log;
use crate::http::dashboard::live_log::{follow, is_live, is_stream, tail_source};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::verification::rows_of_key;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::saved_views::saved_views;
use crate::http::dashboard::time_span::TimeSpan;
use base::error::Result;
use base::events::Stored;
use base::grants::{Operation, Target};
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

/// `GET /keys/:id/log`.
pub async fn log(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let seen = KeyPage::of(&request).await?;
    let filter = filter(seen.details.key.id.as_str(), request.query());
    if is_stream(&request) {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(follow(request, live_log::LiveLog { kind, filter, needs, draw }));
    }
    let span = TimeSpan::of(&request, "24h");
    let buckets = span.buckets(request.zone)?;
    let question = event_question(&request, Kind::Verifications, &span, filter.clone());
    let counts = request.app.analytics.count(Question { buckets: Some(buckets.clone()), ..question }).await?;
    let page = request.app.analytics.page(page_of(&request, &span, filter)).await?;
    let rows = rows_of_key(&request, &page.events);
    let view = KeyLogView {
        key: seen.head(&request).await?,
        filters: filters(&request).await?,
        live: Live { on: is_live(&request), source: tail_source(&request, &page.places) },
        requests: outcome_bars(
            &request,
            "requests",
            "Verifications",
            &Outcome::OF_KEYS,
            &counts,
            (&buckets, &span),
        ),
        pager: Pager {
            shown: i64::try_from(rows.len()).unwrap_or(0),
            total: None,
            next: page.next.map(event_cursor),
        },
        rows,
        range: span.range,
    };
    Ok(Reply::page(log_page(&request.shell, &view)))
}

fn page_of(request: &MemberRequest, span: &TimeSpan, filter: Filter) -> PageOf {
    let limit = usize::try_from(ROWS).unwrap_or(usize::MAX);
    PageOf { after: events_after(request), ..event_page(request, Kind::Verifications, span, filter, limit) }
}

fn draw(request: &MemberRequest, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    let rows: Vec<_> =
        rows_of_key(request, &events).iter().map(|row| verification_row(row, Log::OfKey)).collect();
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
        label: "Outcome".to_owned(),
        kind: FilterKind::AnyOf(options.collect()),
    };
    Ok(Filters {
        here: request.here(),
        searches: "Request id, tag or source".to_owned(),
        fields: vec![outcome, text("tag", "Tag", "path=/v1"), text("ip", "Source", "203.0.113.9")],
        problems: vec![],
        saved: saved_views(request).await?,
        can_save: true,
    })
}
