//! The chart of an answer: lines over its column of times, or bars beside its names.
//!
//! Lines need one row for each time, or one for each time and each of a few texts. Bars
//! need no time, a column or two of texts and one of numbers, the first of them where there
//! are more. Any other answer is a table alone, as is one with values below zero: both begin
//! at it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::Value;
use web::charts::{Line, Lines, Rank, Ranks, Unit};
use web::number::{exact, thousandths};
use web::pages::sql::SqlChart;
use web::texts::query as text;

use insight::sql::{ResultRows, Type};

/// Lines that can be told apart.
const MAX_LINES: usize = 3;
/// Times that can be seen apart.
const MAX_POINTS: usize = 750;
/// Bars that are taken in at a glance.
const MAX_BARS: usize = 25;
/// Below this the parts of a number that is not whole matter.
const FEW: f64 = 100.0;

/// The columns of an answer, by what a chart makes of them.
struct Columns {
    times: Vec<usize>,
    numbers: Vec<usize>,
    texts: Vec<usize>,
}

impl Columns {
    fn of(answer: &ResultRows) -> Self {
        let columns = |wanted: fn(&Type) -> bool| -> Vec<usize> {
            let found = answer.outputs.iter().enumerate().filter(|(_, output)| wanted(&output.ty));
            found.map(|(index, _)| index).collect()
        };
        Self {
            times: columns(Type::is_time),
            numbers: columns(|ty| matches!(ty, Type::Int | Type::Float)),
            texts: columns(|ty| *ty == Type::Text),
        }
    }
}

/// `name` says how a time is written.
pub fn of(answer: &ResultRows, name: impl Fn(i64) -> String) -> Option<SqlChart> {
    let columns = Columns::of(answer);
    match columns.times[..] {
        [time] => over_time(answer, &columns, time, name).map(SqlChart::Lines),
        [] => by_name(answer, &columns).map(SqlChart::Ranks),
        _ => None,
    }
}

fn over_time(
    answer: &ResultRows,
    columns: &Columns,
    time: usize,
    name: impl Fn(i64) -> String,
) -> Option<Lines> {
    let unit = unit_of(answer, &columns.numbers);
    let series = match (&columns.numbers[..], &columns.texts[..]) {
        ([], _) => return None,
        (numbers, []) => by_column(answer, unit, time, numbers)?,
        ([number], [text]) => by_text(answer, unit, time, *number, *text)?,
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
    // Days are those of UTC, wherever the reader is.
    let is_day = answer.outputs[time].ty == Type::Date;
    let label = |at: &i64| if is_day { day(*at) } else { name(*at) };
    Some(Lines {
        id: "answer",
        title: text::OVER_TIME.to_owned(),
        unit,
        labels: points.keys().map(label).collect(),
        lines: series.into_iter().map(line).collect(),
    })
}

type Series = Vec<(String, BTreeMap<i64, i64>)>;

/// A line for each column of numbers.
fn by_column(answer: &ResultRows, unit: Unit, time: usize, numbers: &[usize]) -> Option<Series> {
    if numbers.len() > MAX_LINES {
        return None;
    }
    let line = |number: &usize| {
        let mut values = BTreeMap::new();
        for row in &answer.rows {
            if values.insert(moment(&row[time])?, size(&row[*number], unit)?).is_some() {
                return None;
            }
        }
        Some((answer.outputs[*number].name.clone(), values))
    };
    numbers.iter().map(line).collect()
}

/// A line for each text.
fn by_text(answer: &ResultRows, unit: Unit, time: usize, number: usize, text: usize) -> Option<Series> {
    let mut lines: BTreeMap<&str, BTreeMap<i64, i64>> = BTreeMap::new();
    for row in &answer.rows {
        let line = lines.entry(row[text].as_str()?).or_default();
        if line.insert(moment(&row[time])?, size(&row[number], unit)?).is_some() {
            return None;
        }
        if lines.len() > MAX_LINES {
            return None;
        }
    }
    Some(lines.into_iter().map(|(label, values)| (label.to_owned(), values)).collect())
}

fn by_name(answer: &ResultRows, columns: &Columns) -> Option<Ranks> {
    let (number, texts) = (*columns.numbers.first()?, &columns.texts);
    if !(1..=2).contains(&texts.len()) || !(2..=MAX_BARS).contains(&answer.rows.len()) {
        return None;
    }
    let unit = unit_of(answer, &[number]);
    let rank = |row: &Vec<Value>| {
        let names: Option<Vec<&str>> = texts.iter().map(|text| row[*text].as_str()).collect();
        let value = size(&row[number], unit)?;
        Some(Rank {
            label: names?.join(", "),
            value: if unit == Unit::Thousandths { thousandths(value) } else { exact(value) },
            length: usize::try_from(value).ok()?,
        })
    };
    let name = |index: &usize| answer.outputs[*index].name.as_str();
    let heads = (texts.iter().map(name).collect::<Vec<_>>().join(", "), name(&number).to_owned());
    Some(Ranks {
        title: text::number_by(&heads.1, &heads.0),
        heads,
        ranks: answer.rows.iter().map(rank).collect::<Option<_>>()?,
    })
}

/// Shares and small averages would all be 0 or 1 as whole numbers.
fn unit_of(answer: &ResultRows, numbers: &[usize]) -> Unit {
    let values =
        || answer.rows.iter().flat_map(|row| numbers.iter().filter_map(|number| row[*number].as_f64()));
    let are_parts = values().any(|value| value.fract() != 0.0) && values().all(|value| value < FEW);
    if are_parts { Unit::Thousandths } else { Unit::Count }
}

fn moment(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let moment = DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis());
    moment.or_else(|| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
    })
}

fn day(at: i64) -> String {
    DateTime::from_timestamp_millis(at).map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
}

/// In whole numbers of its unit; none for what is below zero.
fn size(value: &Value, unit: Unit) -> Option<i64> {
    let size = match (value.as_i64(), unit) {
        (Some(value), Unit::Count) => value,
        (_, Unit::Thousandths) => (value.as_f64()? * 1_000.0).round() as i64,
        _ => value.as_f64()?.round() as i64,
    };
    (size >= 0).then_some(size)
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

    fn lines(answer: &ResultRows) -> Lines {
        let Some(SqlChart::Lines(lines)) = of(answer, |at| at.to_string()) else { panic!("no lines") };
        lines
    }

    fn ranks(answer: &ResultRows) -> Ranks {
        let Some(SqlChart::Ranks(ranks)) = of(answer, |_| String::new()) else { panic!("no bars") };
        ranks
    }

    const A: &str = "2026-10-07T10:00:00Z";
    const B: &str = "2026-10-07T11:00:00Z";

    #[test]
    fn numbers_over_time_are_lines_in_the_order_of_time() {
        let columns = [("time", Type::DateTime), ("n", Type::Int), ("x", Type::Float)];
        let chart = lines(&answer(&columns, json!([[B, 200, 1.6], [A, 100, 0.2]])));
        assert_eq!(chart.labels.len(), 2);
        assert!(chart.labels[0] < chart.labels[1]);
        assert_eq!(chart.lines[0].values, [Some(100), Some(200)]);
        assert_eq!(chart.lines[1].values, [Some(0), Some(2)]);
    }

    #[test]
    fn a_few_texts_are_a_line_each() {
        let columns = [("time", Type::DateTime), ("outcome", Type::Text), ("n", Type::Int)];
        let rows = json!([[A, "VALID", 5], [B, "VALID", 6], [B, "EXPIRED", 1]]);
        let chart = lines(&answer(&columns, rows));
        assert_eq!(chart.lines[0].values, [None, Some(1)]);
        assert_eq!(chart.lines[1].label, "VALID");
    }

    #[test]
    fn names_with_a_number_are_bars_in_the_order_of_the_answer() {
        let columns = [("outcome", Type::Text), ("n", Type::Int), ("credits", Type::Int)];
        let chart = ranks(&answer(&columns, json!([["VALID", 1500, 7], ["EXPIRED", 2, 9]])));
        assert_eq!((chart.title.as_str(), chart.ranks.len()), ("n by outcome", 2));
        assert_eq!((chart.ranks[0].value.as_str(), chart.ranks[0].length), ("1,500", 1500));
        let columns = [("a", Type::Text), ("b", Type::Text), ("share", Type::Float)];
        let chart = ranks(&answer(&columns, json!([["x", "y", 0.25], ["x", "z", 1.0]])));
        assert_eq!((chart.ranks[0].label.as_str(), chart.ranks[0].value.as_str()), ("x, y", "0.25"));
    }

    #[test]
    fn shares_and_days_are_lines_too() {
        let columns = [("day", Type::Date), ("share", Type::Float)];
        let chart = lines(&answer(&columns, json!([["2026-10-08", 0.5], ["2026-10-07", 1]])));
        assert_eq!(chart.labels, ["2026-10-07", "2026-10-08"]);
        assert_eq!(
            (chart.unit, &chart.lines[0].values[..]),
            (Unit::Thousandths, &[Some(1000), Some(500)][..])
        );
    }

    #[test]
    fn other_answers_have_none() {
        let time = ("time", Type::DateTime);
        for (columns, rows) in [
            (vec![time.clone()], json!([[A], [B]])),
            (vec![time.clone(), ("n", Type::Int)], json!([[A, 1]])),
            (vec![time.clone(), ("n", Type::Int)], json!([[A, 1], [A, 2]])),
            (vec![("n", Type::Int)], json!([[1], [2]])),
            (vec![time.clone(), ("n", Type::Int)], json!([[A, -1], [B, 2]])),
            (vec![time, ("n", Type::Int)], json!([])),
            (vec![("o", Type::Text), ("n", Type::Int)], json!([["a", 1]])),
            (vec![("o", Type::Text), ("n", Type::Int)], json!([["a", 1], ["b", -1]])),
            (vec![("o", Type::Text), ("n", Type::Int)], json!([["a", null], ["b", 1]])),
            (vec![("o", Type::Text)], json!([["a"], ["b"]])),
        ] {
            assert!(of(&answer(&columns, rows), |_| String::new()).is_none());
        }
    }
}
