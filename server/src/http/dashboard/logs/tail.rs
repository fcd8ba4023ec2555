//! Logs that go on while a page is open: server-sent events whose data is a row.
//!
//! Looks for newer events each second, as events are stored and indexed within
//! one. Every look asks again who it is for, so nobody goes on reading who may
//! no longer. A stream ends after some minutes and with the server; browsers
//! then ask again by themselves and say what they saw last.

use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use poem::Body;
use tokio::time::{Instant, Interval, interval, sleep_until};
use web::paths::{Here, Href, LIVE};

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::Names;
use crate::analytics::{Filter, PageOf};
use crate::error::Result;
use crate::events::Stored;
use crate::grants::{Operation, Target};
use crate::search::Kind;

/// Value of the parameter `live` that asks for events.
pub const EVENTS: &str = "events";
/// Parameter with the time of the newest row that the page shows.
const SEEN: &str = "seen";

const LOOK_EVERY: Duration = Duration::from_secs(1);
const LIFE: Duration = Duration::from_secs(10 * 60);
/// Looks without news before a sign of life.
const PATIENCE: u32 = 15;
/// A request is logged when it ends, under the time it began.
const LATE_MS: i64 = 30_000;
/// Older news are for the page itself.
const OLDEST_MS: i64 = 10 * 60_000;
/// News of one look.
const MOST: usize = 200;

/// A log to follow. `row` draws an event as the page's table has it.
pub struct Tail {
    pub visit: Visit,
    pub kind: Kind,
    pub filter: Filter,
    pub row: fn(&Visit, &Names, &Stored) -> Option<String>,
}

/// Where the page finds its events, with its own choice of rows.
pub fn source(here: &Here, newest_ms: i64) -> Href {
    here.with(LIVE, EVENTS).with(SEEN, &newest_ms.to_string())
}

pub fn answer(tail: Tail) -> Answer {
    Answer::raw("text/event-stream", Body::from_bytes_stream(stream(tail)))
}

struct State {
    tail: Tail,
    from_ms: i64,
    /// Ids and times of what was sent and may be found again.
    sent: HashMap<String, i64>,
    looks: Interval,
    silent: u32,
    deadline: Instant,
    ending: Pin<Box<dyn Future<Output = ()> + Send>>,
}

fn stream(tail: Tail) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
    let visit = &tail.visit;
    let seen = visit.sent.last_event.or_else(|| visit.query().text(SEEN).parse().ok());
    let now_ms = visit.now_ms();
    let state = State {
        from_ms: seen.map_or(now_ms, |seen: i64| seen.saturating_add(1)).max(now_ms - OLDEST_MS),
        sent: HashMap::new(),
        looks: interval(LOOK_EVERY),
        silent: PATIENCE,
        deadline: Instant::now() + LIFE,
        ending: Box::pin(visit.app.ending()),
        tail,
    };
    unfold(state, |mut state| async move {
        let text = state.next().await?;
        Some((Ok(Bytes::from(text)), state))
    })
}

impl State {
    /// The next part of the stream; `None` at its end.
    async fn next(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                biased;
                () = &mut self.ending => return None,
                () = sleep_until(self.deadline) => return None,
                _ = self.looks.tick() => {}
            }
            let news = match self.look().await {
                Ok(news) => news,
                Err(error) => {
                    tracing::debug!(?error, "a live log ends");
                    return None;
                }
            };
            if !news.is_empty() {
                self.silent = 0;
                return Some(news);
            }
            self.silent += 1;
            if self.silent > PATIENCE {
                self.silent = 0;
                return Some(": still here\n\n".to_owned());
            }
        }
    }

    async fn look(&mut self) -> Result<String> {
        let visit = &mut self.tail.visit;
        visit.cx.now_ms = visit.app.clock.now_ms();
        let who = visit.app.sessions.again(&visit.who.session, visit.cx.now_ms).await?;
        visit.cx.principal = who.principal(&visit.cx.workspace);
        visit.cx.require(Operation::LogsRead, Target::NONE)?;
        let of = PageOf {
            kind: self.tail.kind,
            workspace: visit.cx.workspace.clone(),
            start_ms: self.from_ms,
            end_ms: visit.cx.now_ms + 1,
            filter: self.tail.filter.clone(),
            limit: MOST,
            after: None,
        };
        let mut news = visit.app.analytics.page(of).await?.events;
        news.retain(|event| !self.sent.contains_key(id_of(event)));
        news.reverse();
        let names = visit.root_key_names(&news).await?;
        let mut text = String::new();
        for event in &news {
            self.sent.insert(id_of(event).to_owned(), event.time_ms());
            if let Some(row) = (self.tail.row)(visit, &names, event) {
                write_event(&mut text, event.time_ms(), &row);
            }
        }
        self.from_ms = self.from_ms.max(visit.cx.now_ms - LATE_MS);
        self.sent.retain(|_, time_ms| *time_ms >= self.from_ms);
        Ok(text)
    }
}

fn id_of(event: &Stored) -> &str {
    match event {
        Stored::Verification(event) => &event.request_id,
        Stored::Ratelimit(event) => &event.request_id,
        Stored::Request(event) => &event.request_id,
    }
}

fn write_event(text: &mut String, time_ms: i64, row: &str) {
    let _ = writeln!(text, "id: {time_ms}");
    for line in row.split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_can_end_its_event() {
        let mut text = String::new();
        write_event(&mut text, 7, "<tr>\n\n\rdata: x</tr>");
        assert_eq!(text, "id: 7\ndata: <tr>\ndata: \ndata: \ndata: data: x</tr>\n\n");
    }
}
