//! The types of expressions, and how their values become JSON.
//!
//! The engine below knows numbers and texts; what a number means (a date, a
//! moment, yes or no) is decided here, before a query runs. Times are Unix
//! milliseconds inside, whatever their type; arrays are JSON texts inside.

use serde_json::{Number, Value};

use super::calendar;

/// Type of an expression, named after the column store that the contract
/// describes (docs/contract/v2.md#analytics-tables).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Of `NULL` alone: fits every other.
    Null,
    Bool,
    Int,
    Float,
    Text,
    Date,
    DateTime,
    /// With milliseconds.
    DateTime64,
    Array(Box<Type>),
    /// A span of time; only constants have it, and no result does.
    Interval,
}

impl Type {
    pub fn array(of: Type) -> Self {
        Type::Array(Box::new(of))
    }

    pub fn is_time(&self) -> bool {
        matches!(self, Type::Date | Type::DateTime | Type::DateTime64)
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Type::Bool | Type::Int | Type::Float)
    }

    /// The name that documentation and the dashboard show.
    pub fn name(&self) -> String {
        match self {
            Type::Null => "Nothing".to_owned(),
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int64".to_owned(),
            Type::Float => "Float64".to_owned(),
            Type::Text => "String".to_owned(),
            Type::Date => "Date".to_owned(),
            Type::DateTime => "DateTime".to_owned(),
            Type::DateTime64 => "DateTime64(3)".to_owned(),
            Type::Array(of) => format!("Array({})", of.name()),
            Type::Interval => "Interval".to_owned(),
        }
    }

    /// What stands for a missing value, as SQL: outer joins and aggregates of
    /// nothing answer with it instead of `NULL`.
    pub fn default_sql(&self) -> &'static str {
        match self {
            Type::Text => "''",
            Type::Float => "0.0",
            Type::Array(_) => "'[]'",
            Type::Null => "NULL",
            _ => "0",
        }
    }

    /// The type that holds the values of both, if there is one.
    pub fn common(&self, other: &Type) -> Option<Type> {
        Some(match (self, other) {
            (same, other) if same == other => same.clone(),
            (Type::Null, other) | (other, Type::Null) => other.clone(),
            (Type::Array(a), Type::Array(b)) => Type::array(a.common(b)?),
            (a, b) if a.is_number() && b.is_number() => {
                if *a == Type::Float || *b == Type::Float {
                    Type::Float
                } else {
                    Type::Int
                }
            }
            (a, b) if a.is_time() && b.is_time() => {
                if *a == Type::DateTime64 || *b == Type::DateTime64 {
                    Type::DateTime64
                } else {
                    Type::DateTime
                }
            }
            _ => return None,
        })
    }

    /// A value of the engine as clients see it: times as RFC 3339, flags as
    /// booleans, numbers that JSON has no form for as null
    /// (docs/contract/v2.md#analytics-queries).
    pub fn json(&self, value: Value) -> Value {
        match (self, value) {
            (Type::Bool, Value::Number(number)) => Value::Bool(number.as_f64() != Some(0.0)),
            (Type::Date | Type::DateTime | Type::DateTime64, Value::Number(number)) => {
                number.as_i64().and_then(calendar::rfc3339).map_or(Value::Null, Value::String)
            }
            (Type::Array(of), Value::String(text)) => match serde_json::from_str(&text) {
                Ok(Value::Array(values)) => values.into_iter().map(|value| of.json(value)).collect(),
                _ => Value::Null,
            },
            (Type::Array(of), Value::Array(values)) => {
                values.into_iter().map(|value| of.json(value)).collect()
            }
            (_, Value::Number(number)) => whole(number).into(),
            (_, value) => value,
        }
    }
}

/// Floating-point numbers without a fraction are written without one.
fn whole(number: Number) -> Number {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 9e15 => (value as i64).into(),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_what_sdks_decode() {
        assert_eq!(Type::Bool.json(json!(1)), json!(true));
        assert_eq!(Type::Int.json(json!(9_007_199_254_740_993_i64)), json!(9_007_199_254_740_993_i64));
        assert_eq!(Type::Float.json(json!(2.0)), json!(2));
        assert_eq!(Type::Float.json(json!(2.5)), json!(2.5));
        assert_eq!(Type::Date.json(json!(1_791_331_200_000_i64)), json!("2026-10-07T00:00:00Z"));
        assert_eq!(Type::DateTime64.json(json!(1_791_369_600_250_i64)), json!("2026-10-07T10:40:00.25Z"));
        assert_eq!(Type::array(Type::Text).json(json!(r#"["a","b"]"#)), json!(["a", "b"]));
        assert_eq!(Type::array(Type::Bool).json(json!("[0,1]")), json!([false, true]));
        let nested = Type::array(Type::array(Type::DateTime));
        assert_eq!(nested.json(json!("[[0]]")), json!([["1970-01-01T00:00:00Z"]]));
        assert_eq!(Type::Int.json(Value::Null), Value::Null);
    }

    #[test]
    fn branches_meet_in_a_common_type() {
        assert_eq!(Type::Int.common(&Type::Float), Some(Type::Float));
        assert_eq!(Type::Null.common(&Type::Text), Some(Type::Text));
        assert_eq!(Type::Date.common(&Type::DateTime), Some(Type::DateTime));
        assert_eq!(Type::Text.common(&Type::Int), None);
        assert_eq!(Type::array(Type::Null).common(&Type::array(Type::Text)), Some(Type::array(Type::Text)));
    }
}
