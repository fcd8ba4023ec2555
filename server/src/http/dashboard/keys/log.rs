//! Every verification of a key, as a page and as it comes in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{FilterField, FilterKind, Filters, Outcome, Pager};
use web::pages::key::{KeyLogView, log as log_page};
use web::pages::parts::{Live, Log, verification_row};
use web::paths::QUERY;

use super::super::answer::Answer;
use super::super::fields::Fields;
use super::super::shown::{ROWS, event_cursor};
use super::super::span::Span;
use super::super::tail;
use super::super::visit::Visit;
use super::show::rows;
use base::error::Result;
use base::events::Stored;
use base::grants::{Operation, Target};
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

/// `GET /keys/:id/log`.
pub async fn log(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let seen = visit.seen_key().await?;
    let filter = filter(seen.details.key.id.as_str(), visit.query());
    if visit.is_stream() {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(visit.follow(tail::Log { kind, filter, needs, draw }));
    }
    let span = visit.span("24h");
    let buckets = visit.buckets(&span)?;
    let question = visit.question(Kind::Verifications, &span, filter.clone());
    let counts = visit.app.analytics.count(Question { buckets: Some(buckets.clone()), ..question }).await?;
    let page = visit.app.analytics.page(page_of(&visit, &span, filter)).await?;
    let rows = rows(&visit, &page.events);
    let view = KeyLogView {
        key: visit.key_head(&seen).await?,
        filters: filters(&visit).await?,
        live: Live { on: visit.is_live(), source: visit.tail_source(&page.places) },
        requests: visit.bars("requests", "Verifications", &Outcome::OF_KEYS, &counts, (&buckets, &span)),
        pager: Pager {
            shown: i64::try_from(rows.len()).unwrap_or(0),
            total: None,
            next: page.next.map(event_cursor),
        },
        rows,
        range: span.range,
    };
    Ok(Answer::page(log_page(&visit.shell, &view)))
}

fn page_of(visit: &Visit, span: &Span, filter: Filter) -> PageOf {
    let limit = usize::try_from(ROWS).unwrap_or(usize::MAX);
    PageOf { after: visit.events_after(), ..visit.events(Kind::Verifications, span, filter, limit) }
}

fn draw(visit: &Visit, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    let rows: Vec<_> = rows(visit, &events).iter().map(|row| verification_row(row, Log::OfKey)).collect();
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

async fn filters(visit: &Visit) -> Result<Filters> {
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
        here: visit.here(),
        searches: "Request id, tag or source".to_owned(),
        fields: vec![outcome, text("tag", "Tag", "path=/v1"), text("ip", "Source", "203.0.113.9")],
        problems: vec![],
        saved: visit.saved_views().await?,
        can_save: true,
    })
}
