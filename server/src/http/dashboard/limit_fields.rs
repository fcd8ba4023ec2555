//! The rows of rate limits in a form: from what is stored, and to what is wanted.

use super::fields::Fields;
use base::duration::duration_ms;
use base::error::Result;
use domain::ratelimit::limits::{Limit, NewLimit, validate};
use web::texts::forms as text;

/// Rows of limits that a form may send.
const MAX_LIMITS: usize = 50;

const SECOND_MS: i64 = 1000;

/// Stored limits as the rows of a form have them.
pub fn limit_values(limits: &[Limit]) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for (index, limit) in limits.iter().enumerate() {
        let mut push = |field: &str, value: String| values.push((format!("limits.{index}.{field}"), value));
        push("id", limit.id.to_string());
        push("name", limit.name.clone());
        push("limit", limit.limit.to_string());
        push("duration", web::time::duration(limit.duration_ms));
        if limit.auto_apply {
            push("auto_apply", web::form::ON.to_owned());
        }
    }
    values
}

/// The limits that a form sent: empty rows are none, and those of stored limits
/// whose name was emptied. What v1 notes of a stored limit stays. Else each field
/// and what is wrong with it.
pub fn read_limits(form: &Fields, stored: &[Limit]) -> Result<Vec<NewLimit>, Vec<(String, String)>> {
    let (mut limits, mut problems) = (Vec::new(), Vec::new());
    for index in 0..MAX_LIMITS {
        let field = |name: &str| format!("limits.{index}.{name}");
        let id = form.text(&field("id"));
        let stored = stored.iter().find(|limit| limit.id.as_str() == id);
        let Some(name) = form.given(&field("name")) else {
            let is_begun = ["limit", "duration"].iter().any(|name| form.given(&field(name)).is_some());
            if is_begun && stored.is_none() {
                refuse(&mut problems, field("name"), text::NAME_THE_LIMIT);
            }
            continue;
        };
        let limit = match form.number(&field("limit")) {
            Ok(Some(limit)) if limit >= 1 => limit,
            Ok(_) => refuse(&mut problems, field("limit"), text::LIMIT_ADMITS_AT_LEAST_ONE),
            Err(problem) => refuse(&mut problems, field("limit"), &problem),
        };
        let duration_ms = match duration_ms(form.text(&field("duration"))) {
            Some(duration_ms) if duration_ms >= SECOND_MS => duration_ms,
            _ => refuse(&mut problems, field("duration"), text::WRITE_A_DURATION),
        };
        if limits.iter().any(|other: &NewLimit| other.name == name) {
            refuse(&mut problems, field("name"), text::ANOTHER_LIMIT_HAS_THIS_NAME);
        }
        let limit = NewLimit {
            name: name.to_owned(),
            limit,
            duration_ms,
            auto_apply: form.ticked(&field("auto_apply")),
            is_async: stored.is_some_and(|limit| limit.is_async),
        };
        if problems.is_empty()
            && let Err(error) = validate(&limit)
        {
            refuse(&mut problems, field("name"), error.detail());
        }
        limits.push(limit);
    }
    if form.pairs().iter().any(|(name, value)| !value.is_empty() && is_unread(name)) {
        let problem = text::too_many_limits(MAX_LIMITS);
        refuse(&mut problems, String::new(), &problem);
    }
    if problems.is_empty() { Ok(limits) } else { Err(problems) }
}

/// Whether a field is of a row that is not read: one too far, or one that is not spelt so.
fn is_unread(name: &str) -> bool {
    let index = name.strip_prefix("limits.").and_then(|rest| rest.split('.').next());
    let is_row = |index: &str| {
        index.parse::<usize>().is_ok_and(|number| number < MAX_LIMITS && number.to_string() == index)
    };
    index.is_some_and(|index| !is_row(index))
}

fn refuse(problems: &mut Vec<(String, String)>, field: String, problem: &str) -> i64 {
    problems.push((field, problem.to_owned()));
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_limits_tell_what_is_wrong_with_each() {
        let form = |text: &str| Fields::parse(text.as_bytes());
        let read =
            read_limits(&form("limits.0.name=a&limits.0.limit=5&limits.0.duration=1m&limits.1.name="), &[]);
        assert_eq!(
            read.unwrap(),
            [NewLimit {
                name: "a".into(),
                limit: 5,
                duration_ms: 60_000,
                auto_apply: false,
                is_async: false
            }]
        );
        let wrong =
            read_limits(&form("limits.3.name=a&limits.3.limit=x&limits.3.duration=soon"), &[]).unwrap_err();
        let fields =
            |wrong: &[(String, String)]| wrong.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
        assert_eq!(fields(&wrong), ["limits.3.limit", "limits.3.duration"]);
        for half in ["limit=5", "duration=1m", "limit=5&limits.0.duration=1m", "id=rl_gone&limits.0.limit=5"]
        {
            let wrong = read_limits(&form(&format!("limits.0.{half}")), &[]).unwrap_err();
            assert_eq!(fields(&wrong), ["limits.0.name"], "{half}");
        }
        assert_eq!(read_limits(&form("limits.0.auto_apply=on&limits.0.limit=+"), &[]), Ok(vec![]));
        let far = read_limits(&form("limits.50.name=a&limits.50.limit=1&limits.50.duration=1m"), &[]);
        assert_eq!(fields(&far.unwrap_err()), [""]);
        let odd = read_limits(&form("limits.00.name=a&limits.00.limit=1&limits.00.duration=1m"), &[]);
        assert_eq!(fields(&odd.unwrap_err()), [""]);
        let long = format!("limits.0.name={}&limits.0.limit=1&limits.0.duration=1m", "x".repeat(256));
        assert_eq!(fields(&read_limits(&form(&long), &[]).unwrap_err()), ["limits.0.name"]);
    }

    #[test]
    fn what_pages_show_can_be_typed() {
        for ms in [1, 1500, 1000, 90_000, 3_600_000, 7 * 86_400_000] {
            assert_eq!(duration_ms(&web::time::duration(ms)), Some(ms));
        }
    }
}
