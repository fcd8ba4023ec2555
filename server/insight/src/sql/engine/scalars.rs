//! Functions of the column store's dialect that the engine lacks, one row at a
//! time. All of them begin with `ch_` and are called by plans only.

use std::cell::Cell;
use std::collections::HashSet;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Error, Result};
use serde_json::Value;

use super::super::calendar::{self, Digits, Unit};
use super::super::meter::Meter;
use base::clock::{DAY_MS, SECOND_MS};

/// Steps between two looks at the meter.
const STEPS_BETWEEN: u32 = 1 << 16;

type Function = fn(&Context<'_>) -> Result<Sql>;

/// Registers them all. Those that can take long on two large values ask the meter.
pub(super) fn register(connection: &Connection, meter: &Meter) -> Result<()> {
    let plain: &[(&str, i32, Function)] = &[
        ("ch_start", 2, start),
        ("ch_add_months", 2, add_months),
        ("ch_parse_time", 2, parse_time),
        ("ch_from_seconds", 2, from_seconds),
        ("ch_format", 2, format),
        ("ch_text", 2, text),
        ("ch_int", 2, int),
        ("ch_float", 1, float),
        ("ch_round", 2, |context| rounded(context, f64::round_ties_even)),
        ("ch_floor", 2, |context| rounded(context, f64::floor)),
        ("ch_ceil", 2, |context| rounded(context, f64::ceil)),
        ("ch_mod", 2, modulo),
        ("ch_substring", 2, substring),
        ("ch_substring", 3, substring),
        ("ch_startswith", 2, |context| texts(context, |text, part| text.starts_with(part))),
        ("ch_endswith", 2, |context| texts(context, |text, part| text.ends_with(part))),
        ("ch_has", 2, has),
        ("ch_json_text", -1, json_text),
    ];
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, arguments, function) in plain {
        connection.create_scalar_function(*name, *arguments, flags, *function)?;
    }
    let long: &[(&str, i32, LongFunction)] =
        &[("ch_like", 3, like), ("ch_hasany", 2, has_any), ("ch_hasall", 2, has_all)];
    for (name, arguments, function) in long {
        let (function, meter) = (*function, meter.clone());
        connection.create_scalar_function(*name, *arguments, flags, move |context| {
            function(context, &Steps::of(&meter))
        })?;
    }
    Ok(())
}

type LongFunction = fn(&Context<'_>, &Steps<'_>) -> Result<Sql>;

/// The steps of one call: the engine cannot end it, so that it has to ask itself.
struct Steps<'a> {
    meter: &'a Meter,
    taken: Cell<u32>,
}

impl<'a> Steps<'a> {
    fn of(meter: &'a Meter) -> Self {
        Self { meter, taken: Cell::new(0) }
    }

    /// Fails once the query has to end.
    fn take(&self) -> Result<()> {
        self.taken.set(self.taken.get().wrapping_add(1));
        if self.taken.get().is_multiple_of(STEPS_BETWEEN) && self.meter.check().is_err() {
            return Err(failure("the query has to end"));
        }
        Ok(())
    }
}

fn failure(text: &str) -> Error {
    Error::UserFunctionError(text.into())
}

/// Whether any argument is missing: so is the result.
fn any_null(context: &Context<'_>) -> bool {
    (0..context.len()).any(|place| context.get_raw(place) == ValueRef::Null)
}

fn number(context: &Context<'_>, place: usize) -> Option<i64> {
    match context.get_raw(place) {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => Some(number as i64),
        _ => None,
    }
}

fn real(context: &Context<'_>, place: usize) -> Option<f64> {
    match context.get_raw(place) {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        _ => None,
    }
}

fn string<'a>(context: &'a Context<'_>, place: usize) -> Option<&'a str> {
    match context.get_raw(place) {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn flag(flag: bool) -> Sql {
    Sql::Integer(flag.into())
}

fn or_null(value: Option<Sql>) -> Result<Sql> {
    Ok(value.unwrap_or(Sql::Null))
}

fn start(context: &Context<'_>) -> Result<Sql> {
    let unit = number(context, 0).and_then(Unit::from_number);
    or_null(unit.zip(number(context, 1)).map(|(unit, time_ms)| Sql::Integer(unit.start_of(time_ms))))
}

fn add_months(context: &Context<'_>) -> Result<Sql> {
    let moved = number(context, 0).zip(number(context, 1));
    or_null(moved.and_then(|(time_ms, months)| calendar::add_months(time_ms, months)).map(Sql::Integer))
}

fn parse_time(context: &Context<'_>) -> Result<Sql> {
    let (Some(text), Some(unit_ms)) = (string(context, 0), number(context, 1)) else { return Ok(Sql::Null) };
    let time_ms = calendar::parse(text).ok_or_else(|| failure("cannot read a text as a time"))?;
    Ok(Sql::Integer(time_ms - time_ms.rem_euclid(unit_ms.max(1))))
}

/// Times from numbers: seconds, or for dates days.
fn from_seconds(context: &Context<'_>) -> Result<Sql> {
    let (Some(seconds), Some(unit_ms)) = (real(context, 0), number(context, 1)) else { return Ok(Sql::Null) };
    let time_ms = match unit_ms {
        DAY_MS => calendar::date_from_number(seconds as i64),
        SECOND_MS => calendar::from_seconds(seconds as i64),
        _ => (seconds.clamp(0.0, 1e10) * 1000.0).round() as i64,
    };
    Ok(Sql::Integer(time_ms))
}

fn format(context: &Context<'_>) -> Result<Sql> {
    let text = number(context, 0).zip(string(context, 1));
    or_null(text.and_then(|(time_ms, format)| calendar::format(time_ms, format)).map(Sql::Text))
}

/// `toString`, by the kind of the value.
fn text(context: &Context<'_>) -> Result<Sql> {
    let value = context.get_raw(0);
    let digits = match number(context, 1) {
        Some(2) => Some(Digits::Date),
        Some(3) => Some(Digits::Seconds),
        Some(4) => Some(Digits::Millis),
        _ => None,
    };
    Ok(match (value, digits) {
        (ValueRef::Null, _) => Sql::Null,
        (ValueRef::Integer(time_ms), Some(digits)) => Sql::Text(calendar::text(time_ms, digits)),
        (ValueRef::Integer(yes), None) if number(context, 1) == Some(1) => Sql::Text((yes != 0).to_string()),
        (ValueRef::Integer(number), None) => Sql::Text(number.to_string()),
        (ValueRef::Real(number), _) => Sql::Text(number.to_string()),
        (ValueRef::Text(text) | ValueRef::Blob(text), _) => {
            Sql::Text(String::from_utf8_lossy(text).into_owned())
        }
    })
}

fn int(context: &Context<'_>) -> Result<Sql> {
    let whole = match context.get_raw(0) {
        ValueRef::Integer(number) => number,
        ValueRef::Real(number) => number as i64,
        ValueRef::Text(_) => string(context, 0)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| failure("cannot read a text as a number"))?,
        _ => return Ok(Sql::Null),
    };
    // The narrower type keeps the low bits, as in the column store.
    Ok(Sql::Integer(if number(context, 1) == Some(32) { i64::from(whole as i32) } else { whole }))
}

fn float(context: &Context<'_>) -> Result<Sql> {
    if let Some(text) = string(context, 0) {
        let number = text.parse::<f64>().map_err(|_| failure("cannot read a text as a number"))?;
        return Ok(Sql::Real(number));
    }
    or_null(real(context, 0).map(Sql::Real))
}

fn rounded(context: &Context<'_>, round: fn(f64) -> f64) -> Result<Sql> {
    let (value, Some(digits)) = (context.get_raw(0), number(context, 1)) else { return Ok(Sql::Null) };
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0).abs());
    let apply =
        |number: f64| if digits < 0 { round(number / scale) * scale } else { round(number * scale) / scale };
    Ok(match value {
        ValueRef::Integer(number) => Sql::Integer(apply(number as f64) as i64),
        ValueRef::Real(number) => Sql::Real(apply(number)),
        _ => Sql::Null,
    })
}

fn modulo(context: &Context<'_>) -> Result<Sql> {
    let rest = real(context, 0).zip(real(context, 1)).map(|(one, other)| one % other);
    or_null(rest.filter(|rest| rest.is_finite()).map(Sql::Real))
}

/// Counts bytes from one, from the end when negative; what is cut through is
/// left out.
fn substring(context: &Context<'_>) -> Result<Sql> {
    let (Some(text), Some(from)) = (string(context, 0), number(context, 1)) else { return Ok(Sql::Null) };
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let begin = match from {
        0 => return Ok(Sql::Text(String::new())),
        from if from > 0 => from - 1,
        from => length.saturating_add(from),
    };
    let count = if context.len() == 3 { number(context, 2).unwrap_or(0) } else { length };
    let end = if count < 0 { length.saturating_add(count) } else { begin.saturating_add(count) };
    let place = |at: i64| usize::try_from(at.clamp(0, length)).unwrap_or(0);
    let part = text.as_bytes().get(place(begin)..place(end).max(place(begin))).unwrap_or_default();
    Ok(Sql::Text(String::from_utf8_lossy(part).into_owned()))
}

fn texts(context: &Context<'_>, test: fn(&str, &str) -> bool) -> Result<Sql> {
    or_null(string(context, 0).zip(string(context, 1)).map(|(text, part)| flag(test(text, part))))
}

fn like(context: &Context<'_>, steps: &Steps<'_>) -> Result<Sql> {
    let (Some(text), Some(pattern)) = (string(context, 0), string(context, 1)) else { return Ok(Sql::Null) };
    if number(context, 2) == Some(1) {
        return matches(&text.to_lowercase(), &pattern.to_lowercase(), steps).map(flag);
    }
    matches(text, pattern, steps).map(flag)
}

/// `%` is any text, `_` any letter, `\` takes the next letter as it is. Takes at
/// most the product of the lengths.
fn matches(text: &str, pattern: &str, steps: &Steps<'_>) -> Result<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Part {
        Any,
        One,
        Letter(char),
    }
    let mut parts = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Letter(letters.next().unwrap_or('\\')),
            letter => Part::Letter(letter),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part, mut retry) = (0, 0, None);
    while at < text.len() {
        steps.take()?;
        match parts.get(part) {
            Some(Part::Any) => {
                retry = Some((part, at));
                part += 1;
            }
            Some(Part::One) => (at, part) = (at + 1, part + 1),
            Some(Part::Letter(letter)) if *letter == text[at] => (at, part) = (at + 1, part + 1),
            _ => match retry {
                Some((any, from)) => {
                    retry = Some((any, from + 1));
                    (at, part) = (from + 1, any + 1);
                }
                None => return Ok(false),
            },
        }
    }
    Ok(parts[part..].iter().all(|part| *part == Part::Any))
}

fn array(context: &Context<'_>, place: usize) -> Option<Vec<Value>> {
    serde_json::from_str(string(context, place)?).ok()
}

fn has(context: &Context<'_>) -> Result<Sql> {
    if any_null(context) {
        return Ok(Sql::Null);
    }
    let element = super::plain(context.get_raw(1));
    let nested = element.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    or_null(array(context, 0).map(|array| {
        let holds = |one: &Value| {
            *one == element || same_number(one, &element) || (one.is_array() && Some(one) == nested.as_ref())
        };
        flag(array.iter().any(holds))
    }))
}

fn same_number(one: &Value, other: &Value) -> bool {
    one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| one == other)
}

fn has_any(context: &Context<'_>, steps: &Steps<'_>) -> Result<Sql> {
    held(context, steps, |found| found.contains(&true))
}

fn has_all(context: &Context<'_>, steps: &Steps<'_>) -> Result<Sql> {
    held(context, steps, |found| !found.contains(&false))
}

/// Which elements of the second array the first one has.
fn held(context: &Context<'_>, steps: &Steps<'_>, test: fn(&[bool]) -> bool) -> Result<Sql> {
    let Some((one, other)) = array(context, 0).zip(array(context, 1)) else { return Ok(Sql::Null) };
    let one: HashSet<Value> = one.into_iter().collect();
    let mut found = Vec::with_capacity(other.len());
    for element in &other {
        steps.take()?;
        found.push(one.contains(element));
    }
    Ok(flag(test(&found)))
}

/// The text at a path of names and places (from one, or from the end); what is
/// missing or no text is empty.
fn json_text(context: &Context<'_>) -> Result<Sql> {
    if any_null(context) {
        return Ok(Sql::Null);
    }
    let mut value: Value = match string(context, 0).map(serde_json::from_str) {
        Some(Ok(value)) => value,
        _ => return Ok(Sql::Text(String::new())),
    };
    for place in 1..context.len() {
        let next = match (context.get_raw(place), &mut value) {
            (ValueRef::Text(_), Value::Object(members)) => {
                string(context, place).and_then(|name| members.remove(name))
            }
            (ValueRef::Integer(number), Value::Array(values)) => {
                element(number, values.len()).and_then(|place| values.get_mut(place)).map(Value::take)
            }
            _ => None,
        };
        value = next.unwrap_or(Value::Null);
    }
    Ok(Sql::Text(value.as_str().unwrap_or_default().to_owned()))
}

fn element(number: i64, length: usize) -> Option<usize> {
    if number > 0 {
        return usize::try_from(number - 1).ok();
    }
    length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?).filter(|_| number < 0)
}

#[cfg(test)]
mod tests {
    use super::super::super::meter::Limits;
    use super::*;

    fn ask(sql: &str) -> Value {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, &Meter::start(Limits::default(), None)).unwrap();
        connection
            .query_row(&format!("SELECT {sql}"), [], |row| Ok(super::super::plain(row.get_ref(0)?)))
            .unwrap()
    }

    #[test]
    fn functions_answer_like_the_column_store() {
        for (sql, expected) in [
            ("ch_round(2.5, 0)", "2.0"),
            ("ch_round(-1.25, 1)", "-1.2"),
            ("ch_round(1250, -2)", "1200"),
            ("ch_floor(-1.5, 0)", "-2.0"),
            ("ch_ceil(1.21, 1)", "1.3"),
            ("ch_substring('hello', 2, 3)", "\"ell\""),
            ("ch_substring('hello', -3)", "\"llo\""),
            ("ch_substring('hello', 2, -1)", "\"ell\""),
            ("ch_substring('hello', 9, 3)", "\"\""),
            ("ch_substring('hello', 0)", "\"\""),
            ("ch_int('12', 64)", "12"),
            ("ch_int(4294967297, 32)", "1"),
            ("ch_int(-1.9, 64)", "-1"),
            ("ch_float('1.5')", "1.5"),
            ("ch_text(1.0, 0)", "\"1\""),
            ("ch_text(1, 1)", "\"true\""),
            ("ch_text(0, 3)", "\"1970-01-01 00:00:00\""),
            ("ch_like('path=/v1/keys', 'path=%k_ys', 0)", "1"),
            ("ch_like('50%', '50\\%', 0)", "1"),
            ("ch_like('505', '50\\%', 0)", "0"),
            ("ch_like('ABC', 'abc', 0)", "0"),
            ("ch_like('ABC', 'a%', 1)", "1"),
            ("ch_has('[\"a\",\"b\"]', 'b')", "1"),
            ("ch_has('[1,2]', 3)", "0"),
            ("ch_hasany('[\"a\"]', '[\"b\",\"a\"]')", "1"),
            ("ch_hasall('[\"a\"]', '[\"b\",\"a\"]')", "0"),
            ("ch_json_text('{\"a\":[\"x\",{\"b\":\"y\"}]}', 'a', -1, 'b')", "\"y\""),
            ("ch_json_text('no json', 'a')", "\"\""),
            ("ch_mod(5.5, 2)", "1.5"),
            ("ch_mod(5.5, 0)", "null"),
        ] {
            assert_eq!(ask(sql).to_string(), expected, "{sql}");
        }
    }

    #[test]
    fn patterns_end_in_time() {
        let meter = Meter::start(Limits::default(), None);
        let matches = |text: &str, pattern: &str| matches(text, pattern, &Steps::of(&meter)).unwrap();
        let (text, pattern) = ("a".repeat(2000), "%a".repeat(500) + "b");
        assert!(!matches(&text, &pattern));
        assert!(matches(&text, &"%a".repeat(500)));
        assert!(matches("", "%%") && !matches("", "_"));
    }

    #[test]
    fn a_long_comparison_ends_with_the_query() {
        let meter = Meter::start(Limits { time: std::time::Duration::ZERO, ..Limits::default() }, None);
        let (text, pattern) = ("a".repeat(200_000), format!("%{}b", "a".repeat(100_000)));
        assert!(matches(&text, &pattern, &Steps::of(&meter)).is_err());
    }
}
