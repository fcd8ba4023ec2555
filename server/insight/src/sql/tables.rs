//! The tables and columns that queries may name
//! (docs/contract/v2.md#analytics-tables).
//!
//! None of them is stored as such: rows are made from the index of events when a
//! query asks for them. Columns that describe where the hosted product ran a
//! request are here with the value that one server can give.

use super::calendar::Unit;
use super::types::Type;
use crate::search::Kind;

/// What a table is made of, and so who may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Verifications,
    Ratelimits,
}

impl Family {
    pub fn kind(self) -> Kind {
        match self {
            Family::Verifications => Kind::Verifications,
            Family::Ratelimits => Kind::Ratelimits,
        }
    }
}

/// A table of the contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub family: Family,
    /// The span of time of a row; a table without one has a row per event.
    pub per: Option<Unit>,
}

const fn table(name: &'static str, family: Family, per: Option<Unit>) -> Table {
    Table { name, family, per }
}

/// Every table.
pub const TABLES: [Table; 10] = [
    table("key_verifications_v1", Family::Verifications, None),
    table("key_verifications_per_minute_v1", Family::Verifications, Some(Unit::Minute)),
    table("key_verifications_per_hour_v1", Family::Verifications, Some(Unit::Hour)),
    table("key_verifications_per_day_v1", Family::Verifications, Some(Unit::Day)),
    table("key_verifications_per_month_v1", Family::Verifications, Some(Unit::Month)),
    table("ratelimits_v1", Family::Ratelimits, None),
    table("ratelimits_per_minute_v1", Family::Ratelimits, Some(Unit::Minute)),
    table("ratelimits_per_hour_v1", Family::Ratelimits, Some(Unit::Hour)),
    table("ratelimits_per_day_v1", Family::Ratelimits, Some(Unit::Day)),
    table("ratelimits_per_month_v1", Family::Ratelimits, Some(Unit::Month)),
];

/// A column of some table. The order is the order of `SELECT *`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    RequestId,
    Time,
    WorkspaceId,
    KeySpaceId,
    IdentityId,
    ExternalId,
    KeyId,
    NamespaceId,
    Identifier,
    Region,
    Source,
    AppId,
    Outcome,
    Tags,
    Passed,
    SpentCredits,
    Count,
    Total,
    Tokens,
    TotalTokens,
    PassedTokens,
    Latency,
    LatencyAvg,
    LatencyP75,
    LatencyP99,
    OverrideId,
    Limit,
    Remaining,
    ResetAt,
}

/// Where the values of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The same for every row of a query.
    Constant,
    /// A text of the index, by which rows can be told apart.
    Text,
    /// The moment of the event, or the start of its span.
    Time,
    /// Whether a rate limit passed.
    Passed,
    /// A number of the index that sums can be made of.
    Number,
    /// Only in the stored event itself.
    Event,
    /// Counted over the events of a row.
    Measure,
}

use Column::*;

const RAW_VERIFICATIONS: &[Column] = &[
    RequestId,
    Time,
    WorkspaceId,
    KeySpaceId,
    IdentityId,
    ExternalId,
    KeyId,
    Region,
    Source,
    AppId,
    Outcome,
    Tags,
    SpentCredits,
    Latency,
];
const VERIFICATIONS: &[Column] = &[
    Time,
    WorkspaceId,
    KeySpaceId,
    IdentityId,
    ExternalId,
    KeyId,
    Source,
    AppId,
    Outcome,
    Tags,
    SpentCredits,
    Count,
    LatencyAvg,
    LatencyP75,
    LatencyP99,
];
const RAW_RATELIMITS: &[Column] = &[
    RequestId,
    Time,
    WorkspaceId,
    NamespaceId,
    Identifier,
    Passed,
    Tokens,
    Latency,
    OverrideId,
    Limit,
    Remaining,
    ResetAt,
];
const RATELIMITS: &[Column] = &[
    Time,
    WorkspaceId,
    NamespaceId,
    Identifier,
    Passed,
    Total,
    TotalTokens,
    PassedTokens,
    LatencyAvg,
    LatencyP75,
    LatencyP99,
];

impl Table {
    /// Names of tables are compared as written.
    pub fn find(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }

    pub fn columns(&self) -> &'static [Column] {
        match (self.family, self.per) {
            (Family::Verifications, None) => RAW_VERIFICATIONS,
            (Family::Verifications, Some(_)) => VERIFICATIONS,
            (Family::Ratelimits, None) => RAW_RATELIMITS,
            (Family::Ratelimits, Some(_)) => RATELIMITS,
        }
    }

    pub fn column(&self, name: &str) -> Option<Column> {
        self.columns().iter().copied().find(|column| column.name() == name)
    }

    /// What tells the rows of a span apart.
    pub fn keys(&self) -> &'static [Column] {
        match self.family {
            Family::Verifications => &[Time, KeySpaceId, IdentityId, ExternalId, KeyId, Outcome, Tags],
            Family::Ratelimits => &[Time, NamespaceId, Identifier],
        }
    }

    pub fn type_of(&self, column: Column) -> Type {
        match column {
            Time => match self.per {
                None => Type::Int,
                Some(Unit::Day | Unit::Month) => Type::Date,
                Some(_) => Type::DateTime,
            },
            Passed if self.per.is_none() => Type::Bool,
            Passed | SpentCredits | Count | Total | Tokens | TotalTokens | PassedTokens => Type::Int,
            Limit | Remaining | ResetAt => Type::Int,
            Latency | LatencyAvg | LatencyP75 | LatencyP99 => Type::Float,
            Tags => Type::array(Type::Text),
            _ => Type::Text,
        }
    }

    pub fn origin_of(&self, column: Column) -> Origin {
        match column {
            WorkspaceId | Region | Source | AppId => Origin::Constant,
            Time => Origin::Time,
            Passed if self.per.is_none() => Origin::Passed,
            KeySpaceId | IdentityId | ExternalId | KeyId | NamespaceId | Identifier | Outcome | Tags => {
                Origin::Text
            }
            Passed | Count | Total | TotalTokens | PassedTokens => Origin::Measure,
            LatencyAvg | LatencyP75 | LatencyP99 => Origin::Measure,
            SpentCredits if self.per.is_some() => Origin::Measure,
            SpentCredits | Tokens | Latency => Origin::Number,
            RequestId | OverrideId | Limit | Remaining | ResetAt => Origin::Event,
        }
    }
}

impl Column {
    pub fn name(self) -> &'static str {
        match self {
            RequestId => "request_id",
            Time => "time",
            WorkspaceId => "workspace_id",
            KeySpaceId => "key_space_id",
            IdentityId => "identity_id",
            ExternalId => "external_id",
            KeyId => "key_id",
            NamespaceId => "namespace_id",
            Identifier => "identifier",
            Region => "region",
            Source => "source",
            AppId => "app_id",
            Outcome => "outcome",
            Tags => "tags",
            Passed => "passed",
            SpentCredits => "spent_credits",
            Count => "count",
            Total => "total",
            Tokens => "tokens",
            TotalTokens => "total_tokens",
            PassedTokens => "passed_tokens",
            Latency => "latency",
            LatencyAvg => "latency_avg",
            LatencyP75 => "latency_p75",
            LatencyP99 => "latency_p99",
            OverrideId => "override_id",
            Limit => "limit",
            Remaining => "remaining",
            ResetAt => "reset_at",
        }
    }

    /// The field of the index that holds a text column.
    pub fn field(self) -> Option<&'static str> {
        Some(match self {
            KeySpaceId => "api",
            IdentityId => "identity",
            ExternalId => "external_id",
            KeyId => "key",
            NamespaceId => "namespace",
            Identifier => "identifier",
            Outcome => "outcome",
            Tags => "tags",
            _ => return None,
        })
    }
}
