//! What the reader asked here: a list that only they see, and whose entries come back
//! into the editor without being run.

use web::pages::sql::PastQuery;
use web::paths;
use web::texts::query as text;

use super::page;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use domain::users::{NoteQuery, QueryEnd, QueryRun};
use insight::sql::ResultRows;

/// Characters of a query that an entry shows.
const SHOWN: usize = 90;

/// `POST /sql/history/clear`.
pub async fn clear(request: MemberRequest) -> Result<Reply> {
    request.app.users.clear_query_runs(&request.cx).await?;
    Ok(Reply::redirect(paths::sql()).notice(text::CLEARED_YOUR_HISTORY))
}

/// Puts a query into the history of who asks, whatever came of it.
pub async fn note(request: &MemberRequest, query: &str, took_ms: i64, answer: &Result<ResultRows>) {
    let end = match answer {
        Ok(found) => QueryEnd::Rows(i64::try_from(found.rows.len()).unwrap_or(i64::MAX)),
        Err(error) => QueryEnd::refused(error.code()),
    };
    request.app.users.note_query(&request.cx, NoteQuery { query: query.to_owned(), took_ms, end }).await;
}

/// Newest first. An answer is shown even where its history cannot be read.
pub async fn past_queries(request: &MemberRequest) -> Vec<PastQuery> {
    match request.app.users.query_runs(&request.cx).await {
        Ok(runs) => runs.into_iter().map(|run| past_query(request, run)).collect(),
        Err(error) => {
            tracing::debug!(?error, "a history of queries cannot be read");
            Vec::new()
        }
    }
}

fn past_query(request: &MemberRequest, run: QueryRun) -> PastQuery {
    PastQuery {
        href: paths::sql().with(page::AGAIN, &run.id),
        query: in_short(&run.start),
        asked: request.stamp(run.asked_at),
        took_ms: run.took_ms,
        end: match run.end {
            QueryEnd::Rows(count) => Ok(count),
            QueryEnd::Refused(code) => Err(code),
        },
    }
}

/// In one line.
fn in_short(query: &str) -> String {
    let line = query.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    line.chars().take(SHOWN - 1).chain(['…']).collect()
}

/// The editor with the query of an entry.
pub async fn again(request: &MemberRequest, id: &str) -> Result<Reply> {
    match request.app.users.query_of_run(&request.cx, id).await? {
        Some(text) => page::unasked(request, &text).await,
        None => Ok(Reply::redirect(paths::sql()).warning(text::QUERY_NO_LONGER_IN_HISTORY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_shows_one_line_of_its_query() {
        assert_eq!(in_short("SELECT\n  1\t, 2 "), "SELECT 1 , 2");
        let long = in_short(&"ü ".repeat(100));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN, true));
    }
}
