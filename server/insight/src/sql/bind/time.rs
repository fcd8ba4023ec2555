//! Functions and operators on times. What is constant is worked out here, so that
//! bounds of time are known before a single event is looked at.

use sqlparser::ast::{DateTimeField, Expr as Ast, Interval};

use super::expr::{Expr, crop};
use super::select::Frame;
use super::{mismatch, refuse, unsupported};
use crate::sql::calendar::{self, Unit};
use crate::sql::functions;
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use base::error::Result;

impl<'q> Frame<'_, 'q> {
    /// Functions on times by lower-case name; `None` when it is no such function.
    pub(super) fn time_function(&mut self, name: &str, args: &[&'q Ast]) -> Result<Option<Expr>> {
        let now_ms = self.binder.facts.now_ms;
        if let Some(unit) = functions::truncation(name) {
            return self.truncation(name, unit, args).map(Some);
        }
        Ok(Some(match (name, args) {
            ("now", []) => self.constant(Const::Int(Unit::Second.start_of(now_ms)), Type::DateTime),
            ("now64", [] | [_]) => self.constant(Const::Int(now_ms), Type::DateTime64),
            ("today", []) => self.constant(Const::Int(Unit::Day.start_of(now_ms)), Type::Date),
            ("now", [zone]) | ("today", [zone]) => {
                self.utc(zone)?;
                return self.time_function(name, &[]);
            }
            ("todate", [time]) => {
                self.grain = Some(Unit::Day);
                let time = self.expr(time)?;
                self.convert(name, time)?
            }
            ("todatetime", [time]) | ("todatetime64", [time, _]) => {
                let time = self.expr(time)?;
                self.convert(name, time)?
            }
            ("todate" | "todatetime", [time, zone]) | ("todatetime64", [time, _, zone]) => {
                self.utc(zone)?;
                let time = self.expr(time)?;
                self.convert(name, time)?
            }
            ("fromunixtimestamp64milli", [number]) => {
                let number = self.expr(number)?;
                if !matches!(number.ty, Type::Int) {
                    return Err(refuse(format!("{name} needs milliseconds, not {}.", number.ty.name())));
                }
                Expr { ty: Type::DateTime64, ..number }
            }
            ("tounixtimestamp64milli", [time]) => Expr { ty: Type::Int, ..self.time(time)? },
            ("date_trunc", [unit, time]) => {
                let unit = self.expr(unit)?;
                let Some(Const::Text(unit)) = unit.value else {
                    return Err(refuse("date_trunc needs a unit."));
                };
                let unit = Unit::parse(&unit)
                    .ok_or_else(|| refuse(format!("'{}' is no unit of time.", crop(&unit))))?;
                self.truncate(unit, time)?
            }
            ("formatdatetime", [time, format]) => self.format(time, format)?,
            ("formatdatetime", [time, format, zone]) => {
                self.utc(zone)?;
                self.format(time, format)?
            }
            (name, [count]) if name.starts_with("tointerval") => {
                let count = self.expr(count)?;
                self.span(count, name.trim_start_matches("tointerval"))?
            }
            _ => return Ok(None),
        }))
    }

    fn truncation(&mut self, name: &str, unit: Unit, args: &[&'q Ast]) -> Result<Expr> {
        match args {
            [time] => self.truncate(unit, time),
            // The mode of a week: even ones begin on Sunday, odd ones on Monday.
            [time, mode] if unit == Unit::SundayWeek => {
                let mode = self.expr(mode)?;
                let Some(Const::Int(mode)) = mode.value else {
                    return Err(refuse("The mode of a week is a number."));
                };
                self.truncate(if mode % 2 == 0 { Unit::SundayWeek } else { Unit::Week }, time)
            }
            [time, zone] => {
                self.utc(zone)?;
                self.truncate(unit, time)
            }
            _ => Err(refuse(format!("{name} needs a time."))),
        }
    }

    /// Time zones other than UTC are not offered: a result in one would look right
    /// and be cut at the wrong midnight.
    fn utc(&mut self, zone: &'q Ast) -> Result<()> {
        let zone = self.expr(zone)?;
        match zone.value {
            Some(Const::Text(zone)) if zone.eq_ignore_ascii_case("UTC") => Ok(()),
            _ => Err(refuse("Only the time zone 'UTC' is offered.")),
        }
    }

    /// An argument that must be a time.
    fn time(&mut self, ast: &'q Ast) -> Result<Expr> {
        let bound = self.expr(ast)?;
        match (&bound.ty, &bound.value) {
            (ty, _) if ty.is_time() => Ok(bound),
            (Type::Text, Some(Const::Text(_))) => self.convert("todatetime64", bound),
            (ty, _) => Err(refuse(format!(
                "A time is needed here, not {}; milliseconds become one by fromUnixTimestamp64Milli.",
                ty.name()
            ))),
        }
    }

    fn truncate(&mut self, unit: Unit, time: &'q Ast) -> Result<Expr> {
        self.grain = match unit {
            Unit::Second => None,
            Unit::Minute | Unit::Hour => Some(unit),
            _ => Some(Unit::Day),
        };
        let time = self.time(time)?;
        let ty = match unit {
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => Type::DateTime,
            _ => Type::Date,
        };
        Ok(self.truncated(unit, time, ty))
    }

    fn truncated(&mut self, unit: Unit, time: Expr, ty: Type) -> Expr {
        if let Some(Const::Int(time_ms)) = time.value {
            return self.constant(Const::Int(unit.start_of(time_ms)), ty);
        }
        let sql = match unit.length_ms() {
            Some(length_ms) => format!("({0} - {0} % {length_ms})", time.sql),
            None => format!("ch_start({}, {})", unit.number(), time.sql),
        };
        Expr::of(&[&time], sql, ty)
    }

    /// `toDate`, `toDateTime` and `toDateTime64` of anything that can be one.
    pub(super) fn as_time(&mut self, name: &str, from: Expr) -> Result<Expr> {
        let ty = match name {
            "todate" => Type::Date,
            "todatetime" => Type::DateTime,
            _ => Type::DateTime64,
        };
        let fit = |time_ms: i64| match ty {
            Type::Date => Unit::Day.start_of(time_ms),
            Type::DateTime => Unit::Second.start_of(time_ms),
            _ => time_ms,
        };
        match (&from.ty, &from.value) {
            (Type::Text, Some(Const::Text(text))) => {
                let time_ms = calendar::parse(text)
                    .ok_or_else(|| refuse(format!("'{}' is no date or time.", crop(text))))?;
                Ok(self.constant(Const::Int(fit(time_ms)), ty))
            }
            (Type::Text, _) => {
                let kind = if ty == Type::Date {
                    DAY_MS
                } else if ty == Type::DateTime {
                    SECOND_MS
                } else {
                    1
                };
                Ok(Expr::of(&[&from], format!("ch_parse_time({}, {kind})", from.sql), ty))
            }
            (time, _) if time.is_time() => match ty {
                Type::Date => Ok(self.truncated(Unit::Day, from, ty)),
                Type::DateTime => Ok(self.truncated(Unit::Second, from, ty)),
                _ => Ok(Expr { ty, ..from }),
            },
            (number, value) if number.is_number() => {
                if let (Some(Const::Int(number)), Type::Date | Type::DateTime) = (value, &ty) {
                    let number = *number;
                    let is_date = ty == Type::Date;
                    let time_ms = if is_date {
                        calendar::date_from_number(number)
                    } else {
                        calendar::from_seconds(number)
                    };
                    return Ok(self.constant(Const::Int(time_ms), ty));
                }
                let kind = if ty == Type::Date {
                    DAY_MS
                } else if ty == Type::DateTime {
                    SECOND_MS
                } else {
                    1
                };
                Ok(Expr::of(&[&from], format!("ch_from_seconds({}, {kind})", from.sql), ty))
            }
            (other, _) => Err(refuse(format!("{} cannot become a time.", other.name()))),
        }
    }

    fn format(&mut self, time: &'q Ast, format: &'q Ast) -> Result<Expr> {
        let format = self.expr(format)?;
        let Some(Const::Text(text)) = &format.value else {
            return Err(refuse("formatDateTime needs a format."));
        };
        if calendar::format(0, text).is_none() {
            return Err(refuse(format!("'{}' holds a placeholder that is not known.", crop(text))));
        }
        self.grain = calendar::finest(text);
        let time = self.time(time)?;
        Ok(Expr::of(&[&time, &format], format!("ch_format({}, {})", time.sql, format.sql), Type::Text))
    }

    pub(super) fn interval(&mut self, interval: &'q Interval) -> Result<Expr> {
        let plain = interval.leading_precision.is_none()
            && interval.last_field.is_none()
            && interval.fractional_seconds_precision.is_none();
        let Some(unit) = interval.leading_field.as_ref().filter(|_| plain) else {
            return Err(unsupported("This form of INTERVAL"));
        };
        let unit = match unit {
            DateTimeField::Week(None) => "week".to_owned(),
            unit => unit.to_string().to_ascii_lowercase().trim_end_matches('s').to_owned(),
        };
        let count = self.expr(&interval.value)?;
        let count = match &count.value {
            Some(Const::Text(text)) => match text.trim().parse() {
                Ok(number) => self.constant(Const::Int(number), Type::Int),
                Err(_) => return Err(refuse("INTERVAL needs a number.")),
            },
            _ => count,
        };
        self.span(count, &unit)
    }

    fn span(&mut self, count: Expr, unit: &str) -> Result<Expr> {
        let Some(Const::Int(count)) = count.value else {
            return Err(refuse("An interval needs a whole number."));
        };
        let (length, months) = match unit {
            "nanosecond" => return Ok(self.constant(Const::Int(count / 1_000_000), Type::Interval)),
            "microsecond" => return Ok(self.constant(Const::Int(count / 1000), Type::Interval)),
            "millisecond" => (1, false),
            "second" => (SECOND_MS, false),
            "minute" => (MINUTE_MS, false),
            "hour" => (HOUR_MS, false),
            "day" => (DAY_MS, false),
            "week" => (7 * DAY_MS, false),
            "month" => (1, true),
            "quarter" => (3, true),
            "year" => (12, true),
            _ => return Err(refuse(format!("'{unit}' is no unit of time."))),
        };
        let span = self.constant(Const::Int(count.saturating_mul(length)), Type::Interval);
        Ok(Expr { months, ..span })
    }

    /// A time plus or minus an interval or a number, or the distance of two times.
    pub(super) fn shift(&mut self, one: Expr, minus: bool, other: Expr) -> Result<Expr> {
        if one.ty.is_time() && other.ty.is_time() && minus {
            let unit = if one.ty == Type::Date && other.ty == Type::Date { DAY_MS } else { SECOND_MS };
            let sql = format!("(({} - {}) / {unit})", one.sql, other.sql);
            return Ok(Expr::of(&[&one, &other], sql, Type::Int));
        }
        let (time, by) = if one.ty.is_time() { (one, other) } else { (other, one) };
        if !time.ty.is_time() || (minus && by.ty.is_time()) {
            return Err(mismatch("Adding to a time", &time.ty, &by.ty));
        }
        let unit = if time.ty == Type::Date { DAY_MS } else { SECOND_MS };
        match (&by.ty, &by.value) {
            (Type::Interval, Some(Const::Int(length))) => {
                let length = if minus { length.saturating_neg() } else { *length };
                Ok(self.shifted(time, length, by.months))
            }
            (Type::Int, Some(Const::Int(count))) => {
                let length = count.saturating_mul(unit);
                Ok(self.shifted(time, if minus { length.saturating_neg() } else { length }, false))
            }
            (Type::Int, None) => {
                let sign = if minus { '-' } else { '+' };
                let sql = format!("({} {sign} {} * {unit})", time.sql, by.sql);
                let ty = time.ty.clone();
                Ok(Expr::of(&[&time, &by], sql, ty))
            }
            (ty, _) => Err(mismatch("Adding to a time", &time.ty, ty)),
        }
    }

    fn shifted(&mut self, time: Expr, by: i64, months: bool) -> Expr {
        // A day that is moved by less than days becomes a moment.
        let finer = time.ty == Type::Date && !months && by % DAY_MS != 0;
        let ty = if finer { Type::DateTime } else { time.ty.clone() };
        if let Some(Const::Int(time_ms)) = time.value {
            let moved = if months { calendar::add_months(time_ms, by) } else { time_ms.checked_add(by) };
            // What lies beyond the calendar bounds nothing.
            let moved = moved.unwrap_or(if by < 0 { 0 } else { i64::MAX / 2 });
            return self.constant(Const::Int(moved), ty);
        }
        let sql = if months {
            format!("ch_add_months({}, {by})", time.sql)
        } else {
            format!("({} + {by})", time.sql)
        };
        Expr::of(&[&time], sql, ty)
    }
}
