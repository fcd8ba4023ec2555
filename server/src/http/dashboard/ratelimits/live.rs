//! The live tail of a log: new rows as server-sent events.
//!
//! The index is asked once a second for what was recorded after the page was
//! made. Chunks of events are numbered as they are stored, so "after" is exact
//! whatever the clocks of requests say. A tail ends by itself now and then; the
//! browser opens it again, and whoever may no longer see it is refused then.

use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream;
use poem::Body;
use web::paths::{Href, LIVE};

use super::super::answer::Answer;
use super::super::visit::Visit;
use crate::analytics::PageOf;
use crate::error::Result;
use crate::events::Stored;

/// How often it is asked, and how often a tail asks before it ends.
const EVERY: Duration = Duration::from_secs(1);
const TURNS: u32 = 600;
/// How long an event may take to be stored and indexed.
const LATE_MS: i64 = 5_000;
/// New events of one turn that are shown.
const ROWS: usize = 100;

/// Query parameter with the last chunk that the page knew.
const AFTER: &str = "after";

/// Draws events as rows, in their order.
pub type Draw = for<'a> fn(&'a Visit, Vec<Stored>) -> BoxFuture<'a, Result<Vec<String>>>;

/// Whether the page is to follow its log.
pub fn is_live(visit: &Visit) -> bool {
    visit.query().text(LIVE) == "1"
}

/// Whether the rows alone are asked for.
pub fn is_stream(visit: &Visit) -> bool {
    visit.query().text(LIVE) == "events"
}

/// Where the rows of this page come from once it is shown. Its own rows are of
/// these places.
pub fn source(visit: &Visit, places: &[(i64, u64, u64)]) -> Href {
    let indexed = u64::try_from(visit.app.search.cursor()).unwrap_or_default();
    let last = places.iter().map(|(_, chunk, _)| *chunk).fold(indexed, u64::max);
    visit.here().without(&[LIVE, AFTER]).with(LIVE, "events").with(AFTER, &last.to_string())
}

/// The cursor of a page of events as text, and back.
pub fn place((time_ms, chunk, position): (i64, u64, u64)) -> String {
    format!("{time_ms}.{chunk}.{position}")
}

fn read_place(text: &str) -> Option<(i64, u64, u64)> {
    let mut parts = text.split('.');
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(place)
}

/// The cursor of the address.
pub fn after(visit: &Visit) -> Option<(i64, u64, u64)> {
    visit.query().given(web::paths::CURSOR).and_then(read_place)
}

/// Follows the events that `of` asks for, its span aside.
pub fn stream(visit: Visit, of: PageOf, draw: Draw) -> Answer {
    let last = visit.query().text(AFTER).parse().ok();
    let last = last.unwrap_or_else(|| u64::try_from(visit.app.search.cursor()).unwrap_or_default());
    let since_ms = visit.app.clock.now_ms();
    let tail = Tail { visit, of, draw, last, since_ms, turns: 0 };
    let events = stream::unfold(tail, |mut tail| async move {
        let text = tail.turn().await?;
        Some((Ok::<_, io::Error>(text), tail))
    });
    Answer::raw("text/event-stream", Body::from_bytes_stream(events))
}

struct Tail {
    visit: Visit,
    of: PageOf,
    draw: Draw,
    /// The last chunk that was shown.
    last: u64,
    since_ms: i64,
    turns: u32,
}

impl Tail {
    /// What is new, as events, or a comment that keeps the line open; `None` when
    /// the tail ends.
    async fn turn(&mut self) -> Option<String> {
        if self.turns > 0 {
            tokio::time::sleep(EVERY).await;
        }
        self.turns += 1;
        if self.turns > TURNS {
            return None;
        }
        match self.fresh().await {
            Ok(rows) if rows.is_empty() => Some(":\n\n".to_owned()),
            Ok(rows) => Some(rows.iter().map(|row| message(row)).collect()),
            Err(error) => {
                tracing::warn!(cause = %error.cause_chain(), detail = error.detail(), "a live tail ended");
                None
            }
        }
    }

    /// Rows that were not shown yet, the oldest first.
    async fn fresh(&mut self) -> Result<Vec<String>> {
        let now_ms = self.visit.app.clock.now_ms();
        let of = PageOf {
            start_ms: self.since_ms - LATE_MS,
            end_ms: now_ms + LATE_MS,
            limit: ROWS,
            after: None,
            ..self.of.clone()
        };
        self.since_ms = now_ms;
        let page = self.visit.app.analytics.page(of).await?;
        let known = self.last;
        self.last = page.places.iter().map(|(_, chunk, _)| *chunk).fold(known, u64::max);
        let new = page.places.iter().zip(page.events).filter(|((_, chunk, _), _)| *chunk > known);
        let mut new: Vec<_> = new.map(|(_, event)| event).collect();
        new.reverse();
        // Ages are of now, not of when the tail was opened.
        self.visit.cx.now_ms = now_ms;
        if new.is_empty() { Ok(Vec::new()) } else { (self.draw)(&self.visit, new).await }
    }
}

/// A row as one event; a line of its own for each line.
fn message(row: &str) -> String {
    let lines: String = row.lines().map(|line| format!("data: {line}\n")).collect();
    format!("{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        assert_eq!(read_place(&place((-5, 7, 9))), Some((-5, 7, 9)));
        for wrong in ["", "1.2", "1.2.3.4", "a.b.c"] {
            assert_eq!(read_place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_row_breaks_out_of_its_event() {
        assert_eq!(message("<tr>\n</tr>"), "data: <tr>\ndata: </tr>\n\n");
    }
}
