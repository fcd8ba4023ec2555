//! Aggregates of the column store's dialect that the engine lacks.

use std::collections::HashSet;

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Error, Result};
use serde_json::Value;

use super::super::meter::Meter;

pub(super) fn register(connection: &Connection, meter: &Meter) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_aggregate_function("ch_any", 1, flags, Any)?;
    connection.create_aggregate_function("ch_quantile", 3, flags, Quantile(meter.clone()))?;
    connection.create_aggregate_function(
        "ch_grouparray",
        3,
        flags,
        Collect { meter: meter.clone(), unique: false },
    )?;
    connection.create_aggregate_function(
        "ch_groupuniqarray",
        3,
        flags,
        Collect { meter: meter.clone(), unique: true },
    )
}

fn stopped() -> Error {
    Error::UserFunctionError("the query was stopped".into())
}

/// The first value.
struct Any;

impl Aggregate<Option<Sql>, Sql> for Any {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<Sql>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, first: &mut Option<Sql>) -> Result<()> {
        if first.is_none() && context.get_raw(0) != ValueRef::Null {
            *first = Some(context.get(0)?);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, first: Option<Option<Sql>>) -> Result<Sql> {
        Ok(first.flatten().unwrap_or(Sql::Null))
    }
}

/// A quantile of weighted numbers, exact, between two of them in proportion.
struct Quantile(Meter);

#[derive(Default)]
struct Numbers {
    level: f64,
    weighted: Vec<(f64, u64)>,
}

impl Aggregate<Numbers, Sql> for Quantile {
    fn init(&self, _: &mut Context<'_>) -> Result<Numbers> {
        Ok(Numbers::default())
    }

    fn step(&self, context: &mut Context<'_>, numbers: &mut Numbers) -> Result<()> {
        let number = match context.get_raw(0) {
            ValueRef::Integer(number) => number as f64,
            ValueRef::Real(number) if !number.is_nan() => number,
            _ => return Ok(()),
        };
        let weight: i64 = context.get(1)?;
        numbers.level = context.get(2)?;
        numbers.weighted.push((number, weight.unsigned_abs()));
        if self.0.add_bytes(16) { Ok(()) } else { Err(stopped()) }
    }

    fn finalize(&self, _: &mut Context<'_>, numbers: Option<Numbers>) -> Result<Sql> {
        let Some(mut numbers) = numbers else { return Ok(Sql::Null) };
        numbers.weighted.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(quantile(&numbers.weighted, numbers.level).map_or(Sql::Null, Sql::Real))
    }
}

fn quantile(sorted: &[(f64, u64)], level: f64) -> Option<f64> {
    let total: u64 = sorted.iter().map(|(_, weight)| weight).sum();
    let place = level * total.checked_sub(1)? as f64;
    let (below, part) = (place.floor() as u64, place.fract());
    let at = |wanted: u64| {
        let mut before = 0;
        sorted.iter().find_map(|(number, weight)| {
            before += weight;
            (before > wanted).then_some(*number)
        })
    };
    let (low, high) = (at(below)?, at((below + 1).min(total - 1))?);
    Some(low + (high - low) * part)
}

/// All values, or all different ones, as a JSON array.
struct Collect {
    meter: Meter,
    unique: bool,
}

#[derive(Default)]
struct Collected {
    values: Vec<String>,
    seen: HashSet<String>,
}

impl Aggregate<Collected, Sql> for Collect {
    fn init(&self, _: &mut Context<'_>) -> Result<Collected> {
        Ok(Collected::default())
    }

    fn step(&self, context: &mut Context<'_>, collected: &mut Collected) -> Result<()> {
        let (nested, most) = (context.get::<i64>(1)? == 1, context.get::<i64>(2)?);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if context.get_raw(0) == ValueRef::Null || collected.values.len() >= most {
            return Ok(());
        }
        let text = match super::plain(context.get_raw(0)) {
            Value::String(text) if nested => text,
            value => value.to_string(),
        };
        if self.unique && !collected.seen.insert(text.clone()) {
            return Ok(());
        }
        let bytes = text.len() as u64 + 48;
        collected.values.push(text);
        if self.meter.add_bytes(bytes) { Ok(()) } else { Err(stopped()) }
    }

    fn finalize(&self, _: &mut Context<'_>, collected: Option<Collected>) -> Result<Sql> {
        Ok(collected.map_or(Sql::Null, |collected| Sql::Text(format!("[{}]", collected.values.join(",")))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let plain: Vec<(f64, u64)> = (1..=4).map(|number| (f64::from(number), 1)).collect();
        assert_eq!((quantile(&plain, 0.0), quantile(&plain, 1.0)), (Some(1.0), Some(4.0)));
        assert_eq!((quantile(&plain, 0.5), quantile(&[], 0.5)), (Some(2.5), None));
        assert_eq!(quantile(&[(1.0, 99), (7.0, 1)], 0.99), Some(1.0 + 6.0 * 0.01_f64.max(98.01_f64.fract())));
        assert_eq!(quantile(&[(3.0, 10)], 0.37), Some(3.0));
    }
}
