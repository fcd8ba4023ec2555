//! What the log of requests leaves out, and how many requests there were in all.
//!
//! Of answers that have events of their own (successful verifications and limit checks) it
//! holds a part. Their number is an estimate; everything else is counted.

use std::sync::LazyLock;

use web::components::Outcome;
use web::number::compact;
use web::texts::requests as text;

use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::sum;
use crate::http::dashboard::time_span::TimeSpan;
use crate::http::{forward_auth, mcp, v1, v2};
use base::config::LogRequests;
use base::error::Result;
use insight::analytics::{Counts, Filter};
use insight::search::Kind;

/// Where a part of the successes is enough for the log.
static SAMPLED_PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let paths =
        v1::sampled_paths().into_iter().chain(v2::sampled_paths()).chain([mcp::PATHS[0], forward_auth::PATH]);
    paths.map(str::to_owned).collect()
});

/// What is missing from the `logged` requests of a span, in a sentence; nothing where nothing is.
pub async fn note(
    request: &MemberRequest,
    span: &TimeSpan,
    filter: &Filter,
    logged: &Counts,
) -> Result<Option<String>> {
    let config = &request.app.config;
    let percent = i64::from(config.request_log_sample_percent);
    Ok(match config.request_log {
        LogRequests::Off => Some(text::LOG_IS_OFF.to_owned()),
        LogRequests::Errors => Some(text::ONLY_ERRORS_ARE_LOGGED.to_owned()),
        LogRequests::On if percent >= 100 => None,
        LogRequests::On if percent == 0 => Some(text::SUCCESSES_ARE_NOT_LOGGED.to_owned()),
        LogRequests::On => match narrowed(filter) {
            None => None,
            Some(of) => Some(told(percent, logged, sampled(request, span, of).await?)),
        },
    })
}

/// Where none of a few was logged there is nothing to make an estimate from.
fn told(percent: i64, logged: &Counts, sampled: i64) -> String {
    if sampled == 0 {
        return text::percent_is_logged(percent);
    }
    let total = compact(logged.total() + sampled * (100 - percent) / percent);
    text::about_in_all(&total, percent)
}

/// Logged requests each of which stands for several: those of `of`, unless their keys are unknown.
async fn sampled(request: &MemberRequest, span: &TimeSpan, of: Filter) -> Result<i64> {
    let unknown = Outcome::NotFound.code();
    let all = count(request, span, of.clone()).await?;
    if !of.codes.is_empty() {
        return Ok(all);
    }
    // Unknown keys are answered with success, too, and always logged.
    let codes = vec![unknown.to_owned()];
    Ok(all - count(request, span, Filter { codes, ..of }).await?)
}

/// The part of a filter that is about successes of which a part is logged.
fn narrowed(filter: &Filter) -> Option<Filter> {
    let mut of = filter.clone();
    let is_unknown = |code: &String| code == Outcome::NotFound.code();
    of.codes.retain(|code| !is_unknown(code));
    of.paths.retain(|path| SAMPLED_PATHS.contains(path));
    let has_successes = filter.outcomes.is_empty() || filter.outcomes.iter().any(|one| one == "served");
    let is_none = !has_successes
        || of.codes.len() < filter.codes.len() && of.codes.is_empty()
        || of.paths.len() < filter.paths.len() && of.paths.is_empty();
    if is_none {
        return None;
    }
    if of.paths.is_empty() {
        of.paths.clone_from(&SAMPLED_PATHS);
    }
    of.outcomes = vec!["served".to_owned()];
    Some(of)
}

async fn count(request: &MemberRequest, span: &TimeSpan, filter: Filter) -> Result<i64> {
    let question = event_question(request, Kind::Requests, span, filter);
    Ok(sum(&request.app.analytics.count(question).await?).total())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_successes_of_the_hot_paths_stand_for_several() {
        let whole = narrowed(&Filter::default()).unwrap();
        assert_eq!(whole.outcomes, ["served"]);
        assert!(whole.paths.iter().any(|path| path == "/v2/keys.verifyKey"));
        assert!(whole.paths.iter().any(|path| path == "/v1/keys.verifyKey"));
        let of = |paths: &[&str], outcomes: &[&str], codes: &[&str]| {
            let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            narrowed(&Filter {
                paths: own(paths),
                outcomes: own(outcomes),
                codes: own(codes),
                ..Filter::default()
            })
        };
        assert!(of(&["/v2/apis.createApi"], &[], &[]).is_none());
        assert!(of(&[], &["refused"], &[]).is_none());
        assert!(of(&[], &[], &["NOT_FOUND"]).is_none());
        assert_eq!(of(&[], &[], &["NOT_FOUND", "VALID"]).unwrap().codes, ["VALID"]);
        assert_eq!(of(&["/v2/keys.verifyKey"], &[], &[]).unwrap().paths, ["/v2/keys.verifyKey"]);
    }
}
