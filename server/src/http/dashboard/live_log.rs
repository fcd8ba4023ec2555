//! Live logs: events as they come in, as rows of the table of an open page.
//!
//! The index is asked once a second for what was stored after the page was made.
//! Chunks of events are numbered as they are stored, so "after" is exact whatever
//! the clocks of requests say. A tail ends with the session, with the right to
//! read, when the server stops, and by itself after some minutes; the browser of
//! one that is still looked at comes again.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use poem::Body;
use tokio::time::{Interval, MissedTickBehavior, interval};
use web::paths::{Href, LIVE};

use super::member_request::MemberRequest;
use super::reply::Reply;
use base::access::{Operation, Target};
use base::clock::Stopwatch;
use base::error::Result;
use base::events::Stored;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;

const EVERY: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// An event is noted when it ends, under the time it began.
const LATE_MS: i64 = 30_000;
/// News of one look; more could not be read anyway.
const ROWS: usize = 200;

/// Query parameter with the last chunk that the page knew.
const AFTER: &str = "after";

/// Draws events as rows, in their order.
pub type Draw = for<'a> fn(&'a MemberRequest, Vec<Stored>) -> BoxFuture<'a, Result<Vec<String>>>;

/// A log to follow.
pub struct LiveLog {
    pub kind: Kind,
    pub filter: Filter,
    /// The right that reading it takes, asked for before each look.
    pub needs: Operation,
    pub draw: Draw,
}

/// Whether the page is to follow its log.
pub fn is_live(request: &MemberRequest) -> bool {
    request.query().text(LIVE) == "1"
}

/// Whether the rows alone are asked for.
pub fn is_stream(request: &MemberRequest) -> bool {
    request.query().text(LIVE) == "events"
}

/// Where the rows of this page come from once it is shown. Its own rows are
/// of these places; what was indexed since they were looked up is news.
pub fn tail_source(request: &MemberRequest, places: &[(i64, u64, u64)]) -> Href {
    let last = places.iter().map(|(_, chunk, _)| *chunk).max().unwrap_or_default();
    request.here().without(&[LIVE, AFTER]).with(LIVE, "events").with(AFTER, &last.to_string())
}

/// Answers with the events that come in until the reader leaves.
pub fn follow(request: MemberRequest, log: LiveLog) -> Reply {
    let last = request.query().text(AFTER).parse().unwrap_or_else(|_| indexed(&request));
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Stopwatch::start();
    let follower = LogFollower { since_ms: request.now_ms(), request, log, last, ticks, watch };
    let parts = stream::unfold(follower, |mut follower| async move {
        let text = follower.next().await?;
        Some((Ok::<_, io::Error>(Bytes::from(text)), follower))
    });
    Reply::content("text/event-stream", Body::from_bytes_stream(parts))
}

/// The last chunk that can be found.
fn indexed(request: &MemberRequest) -> u64 {
    u64::try_from(request.app.search.cursor()).unwrap_or_default()
}

struct LogFollower {
    request: MemberRequest,
    log: LiveLog,
    /// The last chunk that was shown.
    last: u64,
    since_ms: i64,
    ticks: Interval,
    watch: Stopwatch,
}

impl LogFollower {
    /// What is new, as events of the stream, or a comment, which finds out
    /// whether anybody still listens; `None` when the tail ends.
    async fn next(&mut self) -> Option<String> {
        tokio::select! {
            () = self.request.app.closing() => return None,
            _ = self.ticks.tick() => if self.watch.elapsed() >= LONGEST { return None },
        }
        match self.fresh().await {
            Ok(rows) if rows.is_empty() => Some(":\n\n".to_owned()),
            Ok(rows) => Some(rows.iter().map(|row| message(row)).collect()),
            Err(error) => {
                tracing::debug!(cause = %error.cause_chain(), detail = error.detail(), "a live log ended");
                None
            }
        }
    }

    /// Rows that were not shown yet, the oldest first.
    async fn fresh(&mut self) -> Result<Vec<String>> {
        let request = &mut self.request;
        // Ages of rows, and rights, are of now and not of when the tail began.
        request.cx.now_ms = request.app.clock.now_ms();
        let who = request.app.sessions.signed_in(&request.who.session, request.cx.now_ms).await?;
        request.cx.principal = who.principal(&request.cx.workspace);
        request.cx.require(self.log.needs, Target::NONE)?;
        let of = PageOf {
            kind: self.log.kind,
            workspace: request.cx.workspace.clone(),
            start_ms: self.since_ms - LATE_MS,
            end_ms: request.cx.now_ms + LATE_MS,
            filter: self.log.filter.clone(),
            limit: ROWS,
            after: None,
        };
        self.since_ms = request.cx.now_ms;
        let page = request.app.analytics.page(of).await?;
        let known = self.last;
        self.last = page.places.iter().map(|(_, chunk, _)| *chunk).fold(known, u64::max);
        let new = page.places.iter().zip(page.events).filter(|((_, chunk, _), _)| *chunk > known);
        let mut new: Vec<_> = new.map(|(_, event)| event).collect();
        new.reverse();
        if new.is_empty() { Ok(Vec::new()) } else { (self.log.draw)(&self.request, new).await }
    }
}

/// A row as one event of the stream; a line break begins another line of it.
fn message(row: &str) -> String {
    let lines: String = row.split(['\n', '\r']).map(|line| format!("data: {line}\n")).collect();
    format!("{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_can_end_its_message() {
        let sent = message("<tr>a\n\nevent: x\rb</tr>");
        assert_eq!(sent, "data: <tr>a\ndata: \ndata: event: x\ndata: b</tr>\n\n");
    }
}
