//! The small language in which lists are filtered: `status:expired
//! last_used:>90d "two words" -env:live`.
//!
//! Terms are joined by "and". A term is a word, or a field with a value; `-`
//! before it turns it around; `>` and `<` before a value compare. Which fields
//! there are and what they mean is for each list to say. Nothing here can be
//! nested, so no input is expensive to read.

use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::duration::duration_ms;
use crate::error::{Error, Result};

/// Longest filter, in characters.
const MAX_CHARACTERS: usize = 1000;
/// Most terms of a filter.
const MAX_TERMS: usize = 20;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub negated: bool,
    /// Lower case but for what follows `meta.`; `None` of a bare word.
    pub field: Option<String>,
    pub comparison: Comparison,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Is,
    Less,
    More,
}

/// Reads a filter; white space alone is none.
///
/// Fails with `invalid_input` naming what cannot be read.
pub fn parse(text: &str) -> Result<Vec<Term>> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(Error::invalid(format!("A filter has at most {MAX_CHARACTERS} characters.")));
    }
    let mut rest = text.trim_start();
    let mut terms = Vec::new();
    while !rest.is_empty() {
        if terms.len() == MAX_TERMS {
            return Err(Error::invalid(format!("A filter has at most {MAX_TERMS} terms.")));
        }
        let (term, left) = term(rest)?;
        terms.push(term);
        rest = left.trim_start();
    }
    Ok(terms)
}

fn term(text: &str) -> Result<(Term, &str)> {
    let (negated, text) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(char::is_whitespace) => (true, rest),
        _ => (false, text),
    };
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')));
    let field = name_end.filter(|end| *end > 0 && text[*end..].starts_with(':'));
    let Some(end) = field else {
        let (value, rest) = value(text)?;
        return Ok((Term { negated, field: None, comparison: Comparison::Is, value }, rest));
    };
    let (comparison, after) = match text[end + 1..].chars().next() {
        Some('>') => (Comparison::More, &text[end + 2..]),
        Some('<') => (Comparison::Less, &text[end + 2..]),
        _ => (Comparison::Is, &text[end + 1..]),
    };
    let (value, rest) = value(after)?;
    if value.is_empty() {
        return Err(Error::invalid(format!("The filter `{}:` has no value.", &text[..end])));
    }
    Ok((Term { negated, field: Some(folded(&text[..end])), comparison, value }, rest))
}

/// Nobody has to mind the case of a field. Members of metadata are not ours to fold.
fn folded(field: &str) -> String {
    match field.split_once('.') {
        Some((first, path)) if first.eq_ignore_ascii_case("meta") => format!("meta.{path}"),
        _ => field.to_lowercase(),
    }
}

/// A word, or what stands between quotes; a quote inside is written twice.
fn value(text: &str) -> Result<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut rest = quoted;
    loop {
        let end =
            rest.find('"').ok_or_else(|| Error::invalid("A quotation mark of the filter is not closed."))?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => return Ok((value, rest)),
        }
    }
}

/// Which side of now a span of time lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Past,
    Future,
}

impl Term {
    /// The moment that the value names, Unix milliseconds: a day, an RFC 3339
    /// moment, or a span such as `90d`, `12h`, `30m` or `2w` from now.
    pub fn moment_ms(&self, now_ms: i64, direction: Direction) -> Result<i64> {
        if let Some(span_ms) = duration_ms(&self.value) {
            return Ok(match direction {
                Direction::Past => now_ms.saturating_sub(span_ms),
                Direction::Future => now_ms.saturating_add(span_ms),
            });
        }
        let day = || self.value.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let moment = DateTime::parse_from_rfc3339(&self.value).ok().map(|time| time.to_utc()).or_else(day);
        moment.map(|time| time.timestamp_millis()).ok_or_else(|| {
            Error::invalid(format!("`{}` is no span such as 90d, no day and no RFC 3339 moment.", self.value))
        })
    }

    /// Whether the value is a span such as `90d`, of which more is further away.
    pub fn is_span(&self) -> bool {
        duration_ms(&self.value).is_some()
    }

    /// The number that the value is.
    pub fn number(&self) -> Result<i64> {
        let no_number = |_| Error::invalid(format!("`{}` is no whole number.", self.value));
        self.value.parse().map_err(no_number)
    }

    /// The error for a field that the list does not have.
    pub fn unknown_field(&self, known: &[&str]) -> Error {
        let field = self.field.as_deref().unwrap_or_default();
        Error::invalid(format!("There is no filter `{field}:` here; there are {}.", known.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(bool, Option<String>, Comparison, String)> {
        let terms = parse(text).unwrap();
        terms.into_iter().map(|term| (term.negated, term.field, term.comparison, term.value)).collect()
    }

    #[test]
    fn words_fields_comparisons_and_quotes() {
        use Comparison::{Is, Less, More};
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(
                r#"billing Status:expired last_used:>90d credits:<5 -env:live "two words" name:"a ""b"" c""#
            ),
            [
                (false, None, Is, "billing".to_owned()),
                (false, some("status"), Is, "expired".to_owned()),
                (false, some("last_used"), More, "90d".to_owned()),
                (false, some("credits"), Less, "5".to_owned()),
                (true, some("env"), Is, "live".to_owned()),
                (false, None, Is, "two words".to_owned()),
                (false, some("name"), Is, r#"a "b" c"#.to_owned()),
            ]
        );
        assert_eq!(read("Meta.customerId:Ab"), [(false, some("meta.customerId"), Is, "Ab".to_owned())]);
        assert_eq!(read("  "), []);
        assert_eq!(
            read("- http://x"),
            [(false, None, Is, "-".to_owned()), (false, some("http"), Is, "//x".to_owned()),]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in ["name:", "name:\"open", "\"open"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"a ".repeat(MAX_TERMS + 1)).is_err());
        assert!(parse(&"a".repeat(MAX_CHARACTERS + 1)).is_err());
    }

    #[test]
    fn moments_are_spans_days_or_rfc_3339() {
        let at = |value: &str, direction| {
            let term =
                Term { negated: false, field: None, comparison: Comparison::Is, value: value.to_owned() };
            term.moment_ms(1_000_000_000, direction)
        };
        assert_eq!(at("1h", Direction::Past).unwrap(), 1_000_000_000 - 3_600_000);
        assert_eq!(at("1w", Direction::Future).unwrap(), 1_000_000_000 + 604_800_000);
        assert_eq!(at("1970-01-02", Direction::Past).unwrap(), 86_400_000);
        assert_eq!(at("1970-01-01T01:00:00+01:00", Direction::Past).unwrap(), 0);
        for bad in ["soon", "9é", "-3d", "d", "99999999999999999d"] {
            assert!(at(bad, Direction::Past).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".{0,80}") {
            let _ = parse(&text);
        }
    }
}
