//! The chart of an answer: lines over its column of times.
//!
//! An answer has one if each of its times has one row, or one row for each of a
//! few texts. Any other is a table alone.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use web::charts::{Line, Lines, Unit};

use insight::sql::{ResultRows, Type};

/// Lines that can be told apart.
const MAX_LINES: usize = 3;
/// Times that can be seen apart.
const MAX_POINTS: usize = 750;

/// `name` says how a time is written.
pub fn of(answer: &ResultRows, name: impl Fn(i64) -> String) -> Option<Lines> {
    let columns = |wanted: fn(&Type) -> bool| -> Vec<usize> {
        let found = answer.outputs.iter().enumerate().filter(|(_, output)| wanted(&output.ty));
        found.map(|(index, _)| index).collect()
    };
    let times = columns(Type::is_time);
    let numbers = columns(|ty| matches!(ty, Type::Int | Type::Float));
    let texts = columns(|ty| *ty == Type::Text);
    let [time] = times[..] else { return None };
    let series = match (&numbers[..], &texts[..]) {
        ([], _) => return None,
        (numbers, []) => by_column(answer, time, numbers)?,
        ([number], [text]) => by_text(answer, time, *number, *text)?,
        _ => return None,
    };
    let points: BTreeMap<i64, ()> =
        series.iter().flat_map(|(_, values)| values.keys().map(|at| (*at, ()))).collect();
    if !(2..=MAX_POINTS).contains(&points.len()) {
        return None;
    }
    let line = |(label, values): (String, BTreeMap<i64, i64>)| Line {
        label,
        values: points.keys().map(|at| values.get(at).copied()).collect(),
    };
    Some(Lines {
        id: "answer",
        title: "Over time".to_owned(),
        unit: Unit::Count,
        labels: points.keys().map(|at| name(*at)).collect(),
        lines: series.into_iter().map(line).collect(),
    })
}

type Series = Vec<(String, BTreeMap<i64, i64>)>;

/// A line for each column of numbers.
fn by_column(answer: &ResultRows, time: usize, numbers: &[usize]) -> Option<Series> {
    if numbers.len() > MAX_LINES {
        return None;
    }
    let line = |number: &usize| {
        let mut values = BTreeMap::new();
        for row in &answer.rows {
            if values.insert(moment(&row[time])?, whole(&row[*number])?).is_some() {
                return None;
            }
        }
        Some((answer.outputs[*number].name.clone(), values))
    };
    numbers.iter().map(line).collect()
}

/// A line for each text.
fn by_text(answer: &ResultRows, time: usize, number: usize, text: usize) -> Option<Series> {
    let mut lines: BTreeMap<&str, BTreeMap<i64, i64>> = BTreeMap::new();
    for row in &answer.rows {
        let line = lines.entry(row[text].as_str()?).or_default();
        if line.insert(moment(&row[time])?, whole(&row[number])?).is_some() {
            return None;
        }
        if lines.len() > MAX_LINES {
            return None;
        }
    }
    Some(lines.into_iter().map(|(label, values)| (label.to_owned(), values)).collect())
}

fn moment(value: &Value) -> Option<i64> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|time| time.timestamp_millis())
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|value| value.round() as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use insight::sql::Output;

    fn answer(columns: &[(&str, Type)], rows: Value) -> ResultRows {
        let outputs = columns.iter().map(|(name, ty)| Output { name: (*name).to_owned(), ty: ty.clone() });
        ResultRows { outputs: outputs.collect(), rows: serde_json::from_value(rows).unwrap() }
    }

    const A: &str = "2026-10-07T10:00:00Z";
    const B: &str = "2026-10-07T11:00:00Z";

    #[test]
    fn numbers_over_time_are_lines_in_the_order_of_time() {
        let columns = [("time", Type::DateTime), ("n", Type::Int), ("x", Type::Float)];
        let chart = of(&answer(&columns, json!([[B, 2, 1.6], [A, 1, 0.2]])), |at| at.to_string()).unwrap();
        assert_eq!(chart.labels.len(), 2);
        assert!(chart.labels[0] < chart.labels[1]);
        assert_eq!(chart.lines[0].values, [Some(1), Some(2)]);
        assert_eq!(chart.lines[1].values, [Some(0), Some(2)]);
    }

    #[test]
    fn a_few_texts_are_a_line_each() {
        let columns = [("time", Type::DateTime), ("outcome", Type::Text), ("n", Type::Int)];
        let rows = json!([[A, "VALID", 5], [B, "VALID", 6], [B, "EXPIRED", 1]]);
        let chart = of(&answer(&columns, rows), |_| String::new()).unwrap();
        assert_eq!(chart.lines[0].values, [None, Some(1)]);
        assert_eq!(chart.lines[1].label, "VALID");
    }

    #[test]
    fn other_answers_have_none() {
        let time = ("time", Type::DateTime);
        for (columns, rows) in [
            (vec![time.clone()], json!([[A], [B]])),
            (vec![time.clone(), ("n", Type::Int)], json!([[A, 1]])),
            (vec![time.clone(), ("n", Type::Int)], json!([[A, 1], [A, 2]])),
            (vec![("n", Type::Int)], json!([[1], [2]])),
            (vec![time, ("n", Type::Int)], json!([])),
        ] {
            assert!(of(&answer(&columns, rows), |_| String::new()).is_none());
        }
    }
}
