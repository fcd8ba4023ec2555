//! Counting events by outcome, over time and by group.

use std::sync::Arc;

use base::ids::WorkspaceId;

use super::collect::{Collected, CountCollector};
use super::divided::{Divided, Segment, Told};
use super::kept::What;
use super::{Analytics, Buckets, Filter};
use crate::search::Kind;
use base::error::{Error, Result};

/// Rows a question may have: a bound on memory, far above what a page shows.
const MAX_ROWS: usize = 2_000_000;

/// About what a row takes in memory, without its groups.
const ROW_BYTES: usize = 2 * size_of::<Row>();

/// What to count.
#[derive(Clone, Debug)]
pub struct Question {
    pub kind: Kind,
    pub workspace: WorkspaceId,
    /// Unix milliseconds, inclusive.
    pub start_ms: i64,
    /// Unix milliseconds, exclusive.
    pub end_ms: i64,
    pub filter: Filter,
    pub buckets: Option<Buckets>,
    /// A row per combination that occurs.
    pub group_by: Vec<GroupBy>,
}

/// What rows are told apart by. A verification with several tags is in the rows
/// of all of them, one without is in the row of the empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Api,
    Key,
    Identity,
    ExternalId,
    Tag,
    /// The whole list of tags, as sorted JSON.
    Tags,
    Namespace,
    Identifier,
    /// Of requests, as all that follow.
    Door,
    Path,
    Status,
    /// A verification's outcome, or the code of the error.
    Code,
}

impl GroupBy {
    pub(super) fn field(self) -> &'static str {
        match self {
            GroupBy::Api => "api",
            GroupBy::Key => "key",
            GroupBy::Identity => "identity",
            GroupBy::ExternalId => "external_id",
            GroupBy::Tag => "tag",
            GroupBy::Tags => "tags",
            GroupBy::Namespace => "namespace",
            GroupBy::Identifier => "identifier",
            GroupBy::Door => "door",
            GroupBy::Path => "path",
            GroupBy::Status => "status",
            GroupBy::Code => "code",
        }
    }
}

/// Events by outcome. Rate-limit decisions are `passed` and `denied`, requests
/// `served`, `refused` (4xx) and `failed` (5xx).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub valid: i64,
    pub rate_limited: i64,
    pub insufficient_permissions: i64,
    pub forbidden: i64,
    pub disabled: i64,
    pub expired: i64,
    pub usage_exceeded: i64,
    pub passed: i64,
    pub denied: i64,
    pub served: i64,
    pub refused: i64,
    pub failed: i64,
    /// Credits spent, or tokens asked for.
    pub cost: i64,
}

impl Counts {
    pub fn total(&self) -> i64 {
        self.valid
            + self.rate_limited
            + self.insufficient_permissions
            + self.forbidden
            + self.disabled
            + self.expired
            + self.usage_exceeded
            + self.passed
            + self.denied
            + self.served
            + self.refused
            + self.failed
    }

    pub(super) fn of_outcome(&mut self, outcome: &str) -> Option<&mut i64> {
        Some(match outcome {
            "VALID" => &mut self.valid,
            "RATE_LIMITED" => &mut self.rate_limited,
            "INSUFFICIENT_PERMISSIONS" => &mut self.insufficient_permissions,
            "FORBIDDEN" => &mut self.forbidden,
            "DISABLED" => &mut self.disabled,
            "EXPIRED" => &mut self.expired,
            "USAGE_EXCEEDED" => &mut self.usage_exceeded,
            "passed" => &mut self.passed,
            "denied" => &mut self.denied,
            "served" => &mut self.served,
            "refused" => &mut self.refused,
            "failed" => &mut self.failed,
            _ => return None,
        })
    }

    pub fn add(&mut self, other: &Counts) {
        self.valid += other.valid;
        self.rate_limited += other.rate_limited;
        self.insufficient_permissions += other.insufficient_permissions;
        self.forbidden += other.forbidden;
        self.disabled += other.disabled;
        self.expired += other.expired;
        self.usage_exceeded += other.usage_exceeded;
        self.passed += other.passed;
        self.denied += other.denied;
        self.served += other.served;
        self.refused += other.refused;
        self.failed += other.failed;
        self.cost += other.cost;
    }
}

/// The counts of one bucket and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Start of the bucket, Unix milliseconds; 0 without buckets.
    pub time_ms: i64,
    /// In the order of `group_by`.
    pub groups: Vec<String>,
    pub counts: Counts,
}

impl Analytics {
    /// Rows in no particular order; buckets and groups without events have none.
    pub async fn count(&self, question: Question) -> Result<Vec<Row>> {
        let rows = self.divided(question, Counting).await?;
        let row = |((time_ms, groups), counts)| Row { time_ms, groups, counts };
        Ok(rows.into_iter().map(row).collect())
    }
}

struct Counting;

impl Divided for Counting {
    type Part = Collected;
    type Sum = Collected;

    fn what(&self) -> What {
        What::Counts
    }

    fn ask(&self, question: &Question, segment: &Segment<'_>) -> Result<Collected> {
        segment.collect(&CountCollector::new(question)).and_then(|found| found).map_err(Error::internal)
    }

    fn bytes(part: &Collected) -> usize {
        let texts =
            |groups: &[String]| groups.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        part.keys().map(|(_, groups)| ROW_BYTES + texts(groups)).sum()
    }

    fn add(&self, sum: &mut Collected, part: Arc<Collected>, told: &Told<'_>) -> Result<()> {
        for ((bucket, groups), counts) in Arc::unwrap_or_clone(part) {
            sum.entry((told.bucket(bucket), groups)).or_default().add(&counts);
        }
        if sum.len() > MAX_ROWS {
            return Err(Error::invalid("The question has too many rows: narrow its span or its groups."));
        }
        Ok(())
    }
}
