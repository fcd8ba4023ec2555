//! The functions that queries may call (docs/contract/v2.md#analytics); no
//! other exists.

use super::calendar::Unit;

/// Scalar functions by lower-case name.
const SCALARS: &[&str] = &[
    "now",
    "now64",
    "today",
    "todate",
    "todatetime",
    "todatetime64",
    "tostartofminute",
    "tostartofhour",
    "tostartofday",
    "tostartofweek",
    "tostartofmonth",
    "tostartofquarter",
    "tostartofyear",
    "date_trunc",
    "formatdatetime",
    "fromunixtimestamp64milli",
    "tounixtimestamp64milli",
    "tointervalnanosecond",
    "tointervalmicrosecond",
    "tointervalmillisecond",
    "tointervalsecond",
    "tointervalminute",
    "tointervalhour",
    "tointervalday",
    "tointervalweek",
    "tointervalmonth",
    "tointervalquarter",
    "tointervalyear",
    "lower",
    "upper",
    "substring",
    "concat",
    "length",
    "trim",
    "startswith",
    "endswith",
    "jsonextractstring",
    "round",
    "floor",
    "ceil",
    "abs",
    "if",
    "case",
    "coalesce",
    "tostring",
    "toint32",
    "toint64",
    "tofloat64",
    "has",
    "hasany",
    "hasall",
    "arrayjoin",
    "arrayfilter",
];

const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "any",
    "grouparray",
    "groupuniqarray",
    "uniq",
    "uniqexact",
    "quantile",
    "countif",
    "sumif",
];

/// Whether a query may call it. Case does not matter.
pub fn is_allowed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_aggregate(&name) || SCALARS.contains(&name.as_str())
}

/// Every function, by lower-case name.
pub fn offered() -> impl Iterator<Item = &'static str> {
    SCALARS.iter().chain(AGGREGATES).copied()
}

/// By lower-case name.
pub fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

/// What `toStartOf...` truncates to, by lower-case name.
pub fn truncation(name: &str) -> Option<Unit> {
    Some(match name {
        "tostartofminute" => Unit::Minute,
        "tostartofhour" => Unit::Hour,
        "tostartofday" => Unit::Day,
        "tostartofweek" => Unit::SundayWeek,
        "tostartofmonth" => Unit::Month,
        "tostartofquarter" => Unit::Quarter,
        "tostartofyear" => Unit::Year,
        _ => return None,
    })
}
