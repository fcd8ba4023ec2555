//! Live logs: events as they come in, as rows of the table of an open page.
//!
//! Looks once a second at the newest events and sends those it did not see yet.
//! A stream ends by itself, so that a forgotten tab does not ask for ever; the
//! browser of one that is still looked at comes again. It also ends with the
//! session, with the membership, and when the server stops.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use poem::Body;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::answer::Answer;
use super::visit::Visit;
use crate::analytics::{Filter, PageOf};
use crate::error::Result;
use crate::events::Stored;
use crate::search::Kind;

/// The value of the query parameter [`web::paths::LIVE`] that asks a log for its
/// events instead of a page.
pub const EVENTS: &str = "events";

const EVERY: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How late an event may come and still be shown.
const WINDOW_MS: i64 = 30_000;
/// Clocks of the events may be ahead of ours by this.
const AHEAD_MS: i64 = 60_000;
/// Rows of one second; more could not be read anyway.
const ROWS: usize = 200;

/// A row of a live log: what tells its event from others, and its markup.
pub struct LiveRow {
    pub id: String,
    pub html: String,
}

/// How an event becomes a row; `None` for one that is not shown.
pub type Draw = fn(&Visit, &Stored) -> Option<LiveRow>;

/// Sends new events that the filter fits until the reader leaves. The caller has
/// checked that they may be read.
pub fn tail(visit: Visit, kind: Kind, filter: Filter, draw: Draw) -> Answer {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let tail = Tail { visit, kind, filter, draw, seen: None, ticks, end: Instant::now() + LONGEST };
    let parts = stream::unfold(tail, |mut tail| async move {
        if !tail.goes_on().await {
            return None;
        }
        match tail.news().await {
            Ok(text) => Some((Ok::<_, io::Error>(Bytes::from(text)), tail)),
            Err(error) => {
                tracing::warn!(?error, "a live log ended");
                None
            }
        }
    });
    Answer::raw("text/event-stream", Body::from_bytes_stream(parts))
}

struct Tail {
    visit: Visit,
    kind: Kind,
    filter: Filter,
    draw: Draw,
    /// Ids of the events of the last look; `None` before the first one, whose
    /// events the page shows already.
    seen: Option<HashSet<String>>,
    ticks: Interval,
    end: Instant,
}

impl Tail {
    /// Waits for the next look; says whether there is one.
    async fn goes_on(&mut self) -> bool {
        let app = Arc::clone(&self.visit.app);
        tokio::select! {
            () = app.closing() => return false,
            now = self.ticks.tick() => if now >= self.end { return false },
        }
        self.visit.cx.now_ms = app.clock.now_ms();
        let who = app.sessions.signed_in(&self.visit.who.session, self.visit.now_ms()).await;
        let here = &self.visit.cx.workspace;
        who.is_ok_and(|who| who.memberships.iter().any(|one| one.workspace == *here && one.enabled))
    }

    /// What came since the last look as events of a stream; a comment where
    /// nothing did, which finds out whether anybody still listens.
    async fn news(&mut self) -> Result<String> {
        let now_ms = self.visit.now_ms();
        let of = PageOf {
            kind: self.kind,
            workspace: self.visit.cx.workspace.clone(),
            start_ms: now_ms - WINDOW_MS,
            end_ms: now_ms + AHEAD_MS,
            filter: self.filter.clone(),
            limit: ROWS,
            after: None,
        };
        let page = self.visit.app.analytics.page(of).await?;
        let rows: Vec<LiveRow> =
            page.events.iter().filter_map(|event| (self.draw)(&self.visit, event)).collect();
        let mut text = String::from(":\n\n");
        if let Some(seen) = &self.seen {
            // The page puts each row above the others.
            for row in rows.iter().rev().filter(|row| !seen.contains(&row.id)) {
                text.push_str(&message(&row.html));
            }
        }
        self.seen = Some(rows.into_iter().map(|row| row.id).collect());
        Ok(text)
    }
}

/// One event of a stream; a line break of the data begins another line of it.
fn message(data: &str) -> String {
    let lines: String = data.split(['\n', '\r']).map(|line| format!("data: {line}\n")).collect();
    format!("{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_can_end_its_message() {
        assert_eq!(
            message("<tr>a\n\nevent: x\rb</tr>"),
            "data: <tr>a\ndata: \ndata: event: x\ndata: b</tr>\n\n"
        );
    }
}
