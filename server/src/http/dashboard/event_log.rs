//! A log of events: one page of it, and the chart of its span.

use web::charts::Bars;
use web::components::{Outcome, Pager};
use web::pages::parts::Live;

use super::charts::outcome_bars;
use super::event_query::{event_cursor, event_page, event_question, events_after};
use super::live_log::{is_live, tail_source};
use super::member_request::MemberRequest;
use super::outcome_counts::sum;
use super::time_span::TimeSpan;
use base::error::Result;
use insight::analytics::{Buckets, Counts, EventPage, Filter, PageOf, Question, Row};
use insight::search::Kind;

/// The last day, unless the address says otherwise.
const SPAN: &str = "24h";

pub struct EventLog {
    pub span: TimeSpan,
    pub page: EventPage,
    kind: Kind,
    rows: u64,
    /// Of all pages, by bucket.
    counts: Vec<Row>,
    buckets: Buckets,
}

impl EventLog {
    /// The page that the address asks for. Asks for no right: that is the caller's.
    pub async fn read(request: &MemberRequest, kind: Kind, filter: Filter) -> Result<Self> {
        let rows = request.rows();
        let limit = usize::try_from(rows).unwrap_or(usize::MAX);
        let span = TimeSpan::of(request, SPAN);
        let buckets = span.buckets(request.zone)?;
        let question = event_question(request, kind, &span, filter.clone());
        let question = Question { buckets: Some(buckets.clone()), ..question };
        let counts = request.app.analytics.count(question).await?;
        let after = events_after(request);
        let of = PageOf { after, ..event_page(request, kind, &span, filter, limit) };
        let page = request.app.analytics.page(of).await?;
        Ok(Self { span, page, kind, rows, counts, buckets })
    }

    pub fn bars(&self, request: &MemberRequest, id: &'static str, title: &str, outcomes: &[Outcome]) -> Bars {
        let chart = outcome_bars(request, id, title, outcomes, &self.counts, (&self.buckets, &self.span));
        // Requests are drawn by their status, and chosen by what was verified in them.
        let of_outcome = (self.kind != Kind::Requests).then(|| request.here());
        Bars { of_outcome, ..chart }
    }

    /// Of all pages.
    pub fn total(&self) -> Counts {
        sum(&self.counts)
    }

    pub fn live(&self, request: &MemberRequest) -> Live {
        Live { on: is_live(request), source: tail_source(request, &self.page.places) }
    }

    /// `shown` rows were made of its events.
    pub fn pager(&self, shown: usize) -> Pager {
        let shown = i64::try_from(shown).unwrap_or(i64::MAX);
        Pager { shown, total: None, next: self.page.next.map(event_cursor), rows: Some(self.rows) }
    }
}
