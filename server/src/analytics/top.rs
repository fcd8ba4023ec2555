//! Who or what occurs most.
//!
//! Every segment counts all its groups by number and ranks them; only the best
//! become texts. The best of all segments are looked up in each, so that their
//! counts are exact, and what no segment ranked can have at most the sum of what
//! the segments cut off. If that is less than the last place shown, the places
//! are proven; else more are ranked, up to a bound beyond which the answer says
//! that it is approximate.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::Times;
use super::{Analytics, Filter, GroupBy, Question, Row};
use crate::error::{Error, Result};

/// Groups that a segment keeps the counts of: a bound on memory, some 2 MiB each.
const KEPT: usize = 100_000;

/// By what groups are ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    Total,
    /// Events with this outcome.
    Outcome(String),
    /// Credits spent, or tokens asked for.
    Cost,
}

/// The first places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// The most first, of the same count the smaller name first. Counts are exact.
    pub rows: Vec<Row>,
    /// Whether a group that is not shown might belong here.
    pub approximate: bool,
}

impl Analytics {
    /// The `limit` groups with the most, at least one. Events without a value of
    /// `by` count for none. Buckets and groups of the question are not looked at.
    pub async fn top(&self, question: Question, by: GroupBy, metric: Metric, limit: usize) -> Result<Top> {
        self.top_keeping(KEPT, question, by, metric, limit).await
    }

    /// As [`Analytics::top`], with so many groups kept by each segment.
    pub(super) async fn top_keeping(
        &self,
        kept: usize,
        question: Question,
        by: GroupBy,
        metric: Metric,
        limit: usize,
    ) -> Result<Top> {
        let limit = limit.max(1);
        let asked = metric.clone();
        let segments = self
            .over_weeks(question.clone(), move |question, week, query, all: &mut Vec<Ranked>| {
                let span = (question.start_ms, question.end_ms);
                let collector = TopCollector { span, by, metric: asked.clone(), kept };
                all.extend(week.searcher().search(query, &collector).map_err(Error::internal)?);
                Ok(())
            })
            .await?;
        let (names, approximate) = tokio::task::spawn_blocking(move || winners(&segments, limit, kept))
            .await
            .map_err(Error::internal)??;
        if names.is_empty() {
            return Ok(Top { rows: Vec::new(), approximate });
        }
        let mut rows = self.totals(question, by, names).await?;
        rows.sort_by(|a, b| metric.of(b).cmp(&metric.of(a)).then_with(|| a.groups.cmp(&b.groups)));
        Ok(Top { rows, approximate })
    }

    /// The counts of each of these groups, of those without events too.
    pub async fn totals(&self, question: Question, by: GroupBy, names: Vec<String>) -> Result<Vec<Row>> {
        let mut filter = question.filter.clone();
        by.narrow(&mut filter, &names);
        let question = Question { filter, buckets: None, group_by: vec![by], ..question };
        let rows = self.count(question).await?;
        let mut found: FxHashMap<String, Row> =
            rows.into_iter().filter_map(|row| Some((row.groups.first()?.clone(), row))).collect();
        let row = |name: String| {
            let empty = || Row { time_ms: 0, groups: vec![name.clone()], counts: super::Counts::default() };
            found.remove(&name).unwrap_or_else(empty)
        };
        Ok(names.into_iter().map(row).collect())
    }
}

impl Metric {
    fn of(&self, row: &Row) -> i64 {
        let mut counts = row.counts;
        match self {
            Metric::Total => counts.total(),
            Metric::Cost => counts.cost,
            Metric::Outcome(outcome) => counts.of_outcome(outcome).map_or(0, |count| *count),
        }
    }
}

impl GroupBy {
    /// Leaves only events of these groups.
    fn narrow(self, filter: &mut Filter, names: &[String]) {
        let list = match self {
            GroupBy::Api => &mut filter.apis,
            GroupBy::Key => &mut filter.keys,
            GroupBy::Identity => &mut filter.identities,
            GroupBy::ExternalId => &mut filter.external_ids,
            GroupBy::Tag => &mut filter.tags,
            // A list of tags has no field to filter by: every list is counted.
            GroupBy::Tags => return,
            GroupBy::Namespace => &mut filter.namespaces,
            GroupBy::Identifier => &mut filter.identifiers,
            GroupBy::Door => &mut filter.doors,
            GroupBy::Path => &mut filter.paths,
            GroupBy::Status => &mut filter.statuses,
            GroupBy::Code => &mut filter.codes,
        };
        let asked = std::mem::take(list);
        *list = names.iter().filter(|name| asked.is_empty() || asked.contains(name)).cloned().collect();
    }
}

/// The names of the first places, and whether others might belong there.
fn winners(segments: &[Ranked], limit: usize, kept: usize) -> Result<(Vec<String>, bool)> {
    let mut depth = (limit * 10).max(1000).min(kept);
    loop {
        let (mut totals, proven) = candidates(segments, depth)?;
        totals.sort_unstable_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
        let unseen: i64 = segments.iter().map(|segment| segment.below(depth)).sum();
        let last = totals.get(limit - 1).map_or(0, |(count, _)| *count);
        let is_proven = proven && (unseen == 0 || last > unseen);
        if is_proven || depth >= kept {
            totals.truncate(limit);
            return Ok((totals.into_iter().map(|(_, name)| name).collect(), !is_proven));
        }
        depth = (depth * 10).min(kept);
    }
}

/// Totals of whatever is among the first `depth` of any segment, and whether
/// every segment could tell its share.
fn candidates(segments: &[Ranked], depth: usize) -> Result<(Vec<(i64, String)>, bool)> {
    let mut names: BTreeSet<Vec<u8>> = BTreeSet::new();
    for segment in segments {
        let mut numbers: Vec<u64> = segment.best.iter().take(depth).map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        let named = |name: &[u8]| {
            names.insert(name.to_vec());
        };
        segment.column.dictionary().sorted_ords_to_term_cb(&numbers, named).map_err(Error::internal)?;
    }
    let mut proven = true;
    let mut totals = Vec::with_capacity(names.len());
    for name in names {
        let mut total = 0;
        for segment in segments {
            let number = segment.column.dictionary().term_ord(&name).map_err(Error::internal)?;
            match number.map(|number| segment.counts.get(&number)) {
                Some(Some(count)) => total += count,
                // Below what the segment kept: it may have some.
                Some(None) => proven &= segment.cut_off == 0,
                None => {}
            }
        }
        totals.push((total, String::from_utf8_lossy(&name).into_owned()));
    }
    Ok((totals, proven))
}

/// The groups of one segment by rank.
pub(super) struct Ranked {
    column: StrColumn,
    /// Count and number, the most first.
    best: Vec<(i64, u64)>,
    counts: FxHashMap<u64, i64>,
    /// The most that a group which was not kept has.
    cut_off: i64,
}

impl Ranked {
    /// The most that a group below this rank has.
    fn below(&self, depth: usize) -> i64 {
        self.best.get(depth).map_or(self.cut_off, |(count, _)| *count)
    }
}

struct TopCollector {
    span: (i64, i64),
    by: GroupBy,
    metric: Metric,
    kept: usize,
}

impl Collector for TopCollector {
    type Fruit = Vec<Ranked>;
    type Child = TopSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<TopSegment> {
        let columns = segment.fast_fields();
        let column = columns.str(self.by.field())?;
        let outcome = columns.str("outcome")?;
        let counted = match &self.metric {
            Metric::Total => Counted::Events,
            Metric::Cost => Counted::Cost(columns.i64("cost")?),
            Metric::Outcome(wanted) => match outcome {
                Some(outcome) => {
                    let number = outcome.dictionary().term_ord(wanted);
                    let number = number.map_err(|error| TantivyError::IoError(Arc::new(error)))?;
                    Counted::Outcome(outcome, number)
                }
                None => Counted::Nothing,
            },
        };
        let groups = column.as_ref().map_or(0, |column| column.num_terms());
        let (times, kept) = (Times::of(segment, self.span)?, self.kept);
        Ok(TopSegment { times, column, counted, counts: vec![0; groups], kept })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Option<Ranked>>) -> tantivy::Result<Vec<Ranked>> {
        Ok(fruits.into_iter().flatten().collect())
    }
}

/// What an event adds to its group.
enum Counted {
    Events,
    Cost(Column<i64>),
    /// One if it has the outcome of this number.
    Outcome(StrColumn, Option<u64>),
    Nothing,
}

impl Counted {
    fn of(&self, doc: DocId) -> i64 {
        match self {
            Counted::Events => 1,
            Counted::Cost(column) => column.first(doc).unwrap_or(0),
            Counted::Outcome(column, wanted) => {
                i64::from(wanted.is_some() && column.ords().first(doc) == *wanted)
            }
            Counted::Nothing => 0,
        }
    }
}

pub(super) struct TopSegment {
    times: Times,
    column: Option<StrColumn>,
    counted: Counted,
    /// By the number of the group.
    counts: Vec<i64>,
    kept: usize,
}

impl SegmentCollector for TopSegment {
    type Fruit = Option<Ranked>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        let Some(column) = &self.column else { return };
        if !self.times.read(docs) {
            return;
        }
        for (position, doc) in docs.iter().enumerate() {
            if self.times.get(position).is_none() {
                continue;
            }
            let more = self.counted.of(*doc);
            for number in column.ords().values_for_doc(*doc) {
                if let Some(count) = self.counts.get_mut(number as usize) {
                    *count += more;
                }
            }
        }
    }

    fn harvest(self) -> Option<Ranked> {
        let ranked = self.counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
        let mut best: Vec<(i64, u64)> = ranked.map(|(number, count)| (count, number as u64)).collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let cut_off = best.get(self.kept).map_or(0, |(count, _)| *count);
        best.truncate(self.kept);
        let counts = best.iter().map(|(count, number)| (*number, *count)).collect();
        Some(Ranked { column: self.column?, best, counts, cut_off })
    }
}
