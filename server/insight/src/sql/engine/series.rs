//! The places of a series between two ends, for `WITH FILL`.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Error, Result};
use serde_json::{Number, Value};

use super::super::calendar;
use super::super::meter::{Meter, Stop};

pub(super) fn register(connection: &Connection, meter: &Meter) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let meter = meter.clone();
    connection.create_scalar_function("ch_series", 6, flags, move |context| call(context, &meter))
}

/// Of the lowest and the highest value, FROM, TO, STEP, and whether that is in
/// months: the places as a JSON array. As many as an answer has rows, and as fit
/// what the query may use.
fn call(context: &Context<'_>, meter: &Meter) -> Result<Sql> {
    let [low, high, from, to, step] = [0, 1, 2, 3, 4].map(|place| Place::of(context.get_raw(place)));
    let in_months = context.get::<i64>(5)? == 1;
    let Some(step) = step else { return Ok(Sql::Text("[]".to_owned())) };
    let most = meter.limits().result_rows;
    let Some(places) = series([low, high, from, to], step, in_months, most) else {
        meter.stop(Stop::Series);
        return Err(stopped());
    };
    let rows = places.len() as u64;
    let text = Value::Array(places.into_iter().map(Place::json).collect()).to_string();
    match meter.add_rows(rows, text.len() as u64) {
        Ok(()) => Ok(Sql::Text(text)),
        Err(_) => Err(stopped()),
    }
}

fn stopped() -> Error {
    Error::UserFunctionError("the query was stopped".into())
}

/// A value that a series has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Int(i64),
    Float(f64),
}

impl Place {
    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(number) => Some(Place::Int(number)),
            ValueRef::Real(number) => Some(Place::Float(number)),
            _ => None,
        }
    }

    fn real(self) -> f64 {
        match self {
            Place::Int(number) => number as f64,
            Place::Float(number) => number,
        }
    }

    fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Place::Int(one), Place::Int(other)) => one < other,
            (one, other) => one.real() < other.real(),
        }
    }

    /// So many steps on; `None` beyond what there is.
    fn after(self, count: i64, step: Self, in_months: bool) -> Option<Self> {
        match (self, step) {
            (Place::Int(time_ms), Place::Int(step)) if in_months => {
                calendar::add_months(time_ms, step.checked_mul(count)?).map(Place::Int)
            }
            (Place::Int(start), Place::Int(step)) => {
                step.checked_mul(count)?.checked_add(start).map(Place::Int)
            }
            (start, step) => {
                let place = start.real() + step.real() * count as f64;
                place.is_finite().then_some(Place::Float(place))
            }
        }
    }

    fn json(self) -> Value {
        match self {
            Place::Int(number) => number.into(),
            Place::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        }
    }
}

/// Up to `most` places; `None` when there are more.
fn series(
    [low, high, from, to]: [Option<Place>; 4],
    step: Place,
    in_months: bool,
    most: usize,
) -> Option<Vec<Place>> {
    let descends = step.is_below(Place::Int(0));
    let (first, last) = if descends { (high, low) } else { (low, high) };
    let (Some(start), Some(end)) = (from.or(first), to.or(last)) else { return Some(Vec::new()) };
    let ends = |place: Place| {
        let is_past = if descends { place.is_below(end) } else { end.is_below(place) };
        // TO is no place of the series any more; the last row is.
        is_past || to.is_some() && !end.is_below(place) && !place.is_below(end)
    };
    let mut places = Vec::new();
    for count in 0.. {
        let Some(place) = start.after(count, step, in_months).filter(|place| !ends(*place)) else { break };
        if places.len() >= most || places.last() == Some(&place) {
            return None;
        }
        places.push(place);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::Place::{Float, Int};
    use super::*;

    fn of(ends: [Option<i64>; 4], step: i64) -> Option<Vec<i64>> {
        let places = series(ends.map(|end| end.map(Int)), Int(step), false, 10)?;
        Some(places.into_iter().map(|place| place.real() as i64).collect())
    }

    #[test]
    fn a_series_begins_at_from_or_the_first_row_and_ends_before_to_or_at_the_last() {
        assert_eq!(of([Some(2), Some(8), None, None], 3), Some(vec![2, 5, 8]));
        assert_eq!(of([Some(2), Some(8), Some(0), Some(6)], 3), Some(vec![0, 3]));
        assert_eq!(of([Some(2), Some(8), Some(0), None], 3), Some(vec![0, 3, 6]));
        assert_eq!(of([Some(2), Some(8), None, Some(0)], -3), Some(vec![8, 5, 2]));
        assert_eq!(of([None, None, Some(0), Some(6)], 3), Some(vec![0, 3]));
        assert_eq!(of([None, None, Some(0), None], 3), Some(vec![]));
        assert_eq!(of([Some(2), Some(8), Some(9), Some(3)], 1), Some(vec![]));
    }

    #[test]
    fn a_series_has_a_bound_whatever_its_ends() {
        assert_eq!(of([None, None, Some(0), Some(10)], 1).map(|places| places.len()), Some(10));
        assert_eq!(of([None, None, Some(0), Some(11)], 1), None);
        assert_eq!(
            of([None, None, Some(i64::MIN), Some(i64::MAX)], i64::MAX).map(|places| places.len()),
            Some(2)
        );
        // A step that is lost in its place would never end.
        let lost = series([None, None, Some(Float(1e300)), Some(Float(2e300))], Float(1.0), false, 10);
        assert_eq!(lost, None);
    }

    #[test]
    fn months_are_counted_from_the_first_of_them() {
        // 31 January 2026, and the ends of the months after it.
        let start = 1_769_817_600_000;
        let places =
            series([None, None, Some(Int(start)), Some(Int(start + 90 * 86_400_000))], Int(1), true, 10);
        assert_eq!(
            places,
            Some(vec![Int(start), Int(1_772_236_800_000), Int(1_774_915_200_000), Int(1_777_507_200_000)])
        );
    }
}
