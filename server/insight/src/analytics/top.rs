//! Who or what occurs most.
//!
//! Every segment counts all its groups by number and keeps the best; those
//! become texts, read in one pass, and are added up. Where a segment kept all its
//! groups nothing is lost. Where it did not, a group that it cut off has there at
//! most what the first of those has: if that could bring another group among the
//! first places, the answer says that it is approximate.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use super::ranking::{Ranked, Ranking};
use super::{Analytics, Filter, GroupBy, Question, Row};
use base::error::{Error, Result};

/// Groups that a segment keeps the counts of: a bound on memory, some 2 MiB each.
const KEPT: usize = 100_000;

/// Of the first span in which the latest are looked for: a power of eight.
const FIRST_PART: i64 = 512;

/// By what groups are ranked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    Total,
    /// Events with this outcome.
    Outcome(String),
    /// Verifications with any outcome but `VALID`.
    Denied,
    /// Credits spent, or tokens asked for.
    Cost,
    /// When the last event was.
    Latest,
}

/// The first places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// The most or the latest first, of the same the smaller name first. Counts are exact.
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
        let mut spans = newest_first(&question, &metric);
        let (names, approximate) = loop {
            let part = spans.next().unwrap_or_else(|| question.clone());
            let is_all = part.start_ms <= question.start_ms;
            let segments = self.ranked(part, by, metric.clone(), kept).await?;
            let asked = metric.clone();
            let found = tokio::task::spawn_blocking(move || winners(segments, &asked, limit));
            let (names, approximate) = found.await.map_err(Error::internal)??;
            // Whoever is missing was used before all of these.
            if is_all || names.len() >= limit {
                break (names, approximate);
            }
        };
        if names.is_empty() {
            return Ok(Top { rows: Vec::new(), approximate });
        }
        let mut rows = self.totals(question, by, names).await?;
        // Counts of a segment that was cut off were incomplete until now; times never are.
        if metric != Metric::Latest {
            rows.sort_by(|a, b| metric.of(b).cmp(&metric.of(a)).then_with(|| a.groups.cmp(&b.groups)));
        }
        Ok(Top { rows, approximate })
    }

    async fn ranked(
        &self,
        question: Question,
        by: GroupBy,
        metric: Metric,
        kept: usize,
    ) -> Result<Vec<Ranked>> {
        let question = Question { buckets: None, group_by: Vec::new(), ..question };
        Ok(self.divided(question, Ranking { by, metric, kept }).await?.closed)
    }

    /// When each of these groups had its last event, in Unix milliseconds; those
    /// without one are left out. Buckets and groups of the question are not
    /// looked at.
    pub async fn latest(
        &self,
        mut question: Question,
        by: GroupBy,
        names: &[String],
    ) -> Result<HashMap<String, i64>> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        by.narrow(&mut question.filter, names);
        for part in newest_first(&question, &Metric::Latest) {
            let is_all = part.start_ms <= question.start_ms;
            let told = gathered(self.ranked(part, by, Metric::Latest, KEPT).await?, &Metric::Latest)?;
            let time = |name: &String| Some((name.clone(), told.get(name.as_bytes())?.count));
            let found: HashMap<String, i64> = names.iter().filter_map(time).collect();
            if is_all || found.len() == names.len() {
                return Ok(found);
            }
        }
        Ok(HashMap::new())
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

/// The spans in which the question is asked until one tells enough, the last of them
/// all of it: what was latest is found near the end, without a look at what was before.
fn newest_first(question: &Question, metric: &Metric) -> impl Iterator<Item = Question> + Send + 'static {
    let length_ms = question.end_ms.saturating_sub(question.start_ms);
    let first_part = if *metric == Metric::Latest && length_ms > FIRST_PART { FIRST_PART } else { 1 };
    let parts = std::iter::successors(Some(first_part), |part| (*part > 1).then_some(*part / 8));
    let question = question.clone();
    parts.map(move |part| {
        let start_ms = if part == 1 { question.start_ms } else { question.end_ms - length_ms / part };
        Question { start_ms, ..question.clone() }
    })
}

impl Metric {
    fn of(&self, row: &Row) -> i64 {
        let mut counts = row.counts;
        match self {
            Metric::Total => counts.total(),
            Metric::Cost => counts.cost,
            Metric::Denied => counts.total() - counts.valid,
            // Rows do not say when; whoever ranks by it keeps the order of the ranking.
            Metric::Latest => 0,
            Metric::Outcome(outcome) => counts.of_outcome(outcome).map_or(0, |count| *count),
        }
    }

    /// What two parts of a group come to.
    pub(super) fn join(&self, a: i64, b: i64) -> i64 {
        if *self == Metric::Latest { a.max(b) } else { a + b }
    }
}

impl GroupBy {
    /// Leaves only events of these groups.
    pub(super) fn narrow(self, filter: &mut Filter, names: &[String]) {
        let list = match self {
            GroupBy::Api => &mut filter.apis,
            GroupBy::Key => &mut filter.keys,
            GroupBy::Identity => &mut filter.identities,
            GroupBy::ExternalId => &mut filter.external_ids,
            // An event with an asked tag may have others, too.
            GroupBy::Tag if !filter.tags.is_empty() => return,
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

/// What the segments tell of a group.
#[derive(Default)]
struct Told {
    count: i64,
    /// What the segments that told of it cut off, together.
    cut_off: i64,
}

type Groups = FxHashMap<Box<[u8]>, Told>;

/// What all segments together tell of each group.
fn gathered(segments: Vec<Ranked>, metric: &Metric) -> Result<Groups> {
    let mut groups = Groups::default();
    for mut segment in segments {
        segment.kept.sort_unstable_by_key(|(_, number)| *number);
        let numbers: Vec<u64> = segment.kept.iter().map(|(_, number)| *number).collect();
        let mut counts = segment.kept.iter().map(|(count, _)| *count);
        let add = |name: &[u8]| {
            let more = Told { count: counts.next().unwrap_or(0), cut_off: segment.cut_off };
            match groups.get_mut(name) {
                Some(told) => {
                    told.count = metric.join(told.count, more.count);
                    told.cut_off = metric.join(told.cut_off, more.cut_off);
                }
                None => {
                    groups.insert(name.into(), more);
                }
            }
        };
        segment.column.dictionary().sorted_ords_to_term_cb(&numbers, add).map_err(Error::internal)?;
    }
    Ok(groups)
}

/// The names of the first places, and whether others might belong there. Mostly
/// the best of each segment decide: the texts of the rest are read only if not.
fn winners(segments: Vec<Ranked>, metric: &Metric, limit: usize) -> Result<(Vec<String>, bool)> {
    let few = limit.saturating_mul(16);
    if segments.iter().any(|segment| segment.kept.len() > few) {
        let best = segments.iter().map(|segment| segment.best(few)).collect();
        let (names, approximate) = first_places(best, metric, limit, Ties::Matter)?;
        if !approximate {
            return Ok((names, false));
        }
    }
    first_places(segments, metric, limit, Ties::DoNotMatter)
}

/// Whether a group that might have as many as the last place might belong there:
/// by its name, perhaps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ties {
    Matter,
    DoNotMatter,
}

fn first_places(
    segments: Vec<Ranked>,
    metric: &Metric,
    limit: usize,
    ties: Ties,
) -> Result<(Vec<String>, bool)> {
    let cut_off = segments.iter().fold(0, |all, segment| metric.join(all, segment.cut_off));
    let mut ranking: Vec<(Box<[u8]>, Told)> = gathered(segments, metric)?.into_iter().collect();
    ranking.sort_unstable_by(|(left, a), (right, b)| b.count.cmp(&a.count).then_with(|| left.cmp(right)));
    let last = ranking.get(limit - 1).map_or(0, |(_, told)| told.count);
    // What a group may have where it was cut off, and what one that nobody told of may have.
    let possible = |told: &Told| match metric {
        Metric::Latest => told.count.max(cut_off),
        _ => told.count + cut_off - told.cut_off,
    };
    let others = ranking.iter().skip(limit).map(|(_, told)| possible(told));
    let last = if ties == Ties::Matter { last - 1 } else { last };
    let approximate = cut_off > 0 && others.chain([cut_off]).any(|possible| possible > last);
    ranking.truncate(limit);
    let names = ranking.into_iter().map(|(name, _)| String::from_utf8_lossy(&name).into_owned());
    Ok((names.collect(), approximate))
}
