//! Counting all groups of a segment by number, of which the best are kept.

use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::{Numbers, Times};
use super::divided::{Divided, Segment, Source, Told};
use super::kept::What;
use super::{GroupBy, Metric, Question};
use base::error::{Error, Result};

/// The outcome of a verification that was not refused.
const VALID: &str = "VALID";

/// Which groups are ranked, by what, and how many each segment keeps.
pub(super) struct Ranking {
    pub by: GroupBy,
    pub metric: Metric,
    pub kept: usize,
}

/// The rankings of the segments, and the counts of the one being added up.
#[derive(Default)]
pub(super) struct Rankings {
    /// By the number of the group.
    open: Vec<i64>,
    pub closed: Vec<Ranked>,
}

/// Counts and numbers of groups, ascending by number.
type Groups = Vec<(i64, u64)>;

impl Divided for Ranking {
    type Part = Groups;
    type Sum = Rankings;

    fn what(&self) -> What {
        What::Ranking(self.by, self.metric.clone())
    }

    fn ask(&self, question: &Question, segment: &Segment<'_>) -> Result<Groups> {
        let span = (question.start_ms, question.end_ms);
        let collector = TopCollector { span, by: self.by, metric: self.metric.clone() };
        segment.collect(&collector).map_err(Error::internal)
    }

    fn bytes(part: &Groups) -> usize {
        size_of_val(part.as_slice())
    }

    fn add(&self, sum: &mut Rankings, part: Arc<Groups>, _: &Told<'_>) -> Result<()> {
        let groups = part.last().map_or(0, |(_, number)| *number as usize + 1);
        if sum.open.len() < groups {
            sum.open.resize(groups, 0);
        }
        for (more, number) in part.iter() {
            let count = &mut sum.open[*number as usize];
            *count = self.metric.join(*count, *more);
        }
        Ok(())
    }

    fn end_of_segment(&self, sum: &mut Rankings, source: &Source<'_>) -> Result<()> {
        let kept = counted(&std::mem::take(&mut sum.open));
        let column = source.reader.fast_fields().str(self.by.field()).map_err(Error::internal)?;
        if let (Some(column), false) = (column, kept.is_empty()) {
            sum.closed.push(Ranked { column, kept, cut_off: 0 }.best(self.kept));
        }
        Ok(())
    }
}

/// Those that have any.
fn counted(counts: &[i64]) -> Groups {
    let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    counted.map(|(number, count)| (*count, number as u64)).collect()
}

/// The best groups of one segment.
pub(super) struct Ranked {
    pub column: StrColumn,
    pub kept: Groups,
    /// The most that a group which was not kept has.
    pub cut_off: i64,
}

impl Ranked {
    /// Those of the best `few` groups.
    pub fn best(&self, few: usize) -> Self {
        let (mut kept, mut cut_off) = (self.kept.clone(), self.cut_off);
        if kept.len() > few {
            kept.select_nth_unstable_by(few, |a, b| b.cmp(a));
            cut_off = cut_off.max(kept[few].0);
            kept.truncate(few);
        }
        Self { column: self.column.clone(), kept, cut_off }
    }
}

struct TopCollector {
    span: (i64, i64),
    by: GroupBy,
    metric: Metric,
}

impl Collector for TopCollector {
    type Fruit = Vec<Groups>;
    type Child = TopSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<TopSegment> {
        let columns = segment.fast_fields();
        let column = columns.str(self.by.field())?;
        let outcome = columns.str("outcome")?;
        let number_of = |outcome: &StrColumn, wanted: &str| {
            let number = outcome.dictionary().term_ord(wanted);
            number.map_err(|error| TantivyError::IoError(Arc::new(error)))
        };
        let counted = match &self.metric {
            Metric::Total => Counted::Events,
            Metric::Latest => Counted::Times,
            Metric::Cost => Counted::Cost(columns.i64("cost")?),
            Metric::Denied => match outcome {
                Some(outcome) => {
                    let number = number_of(&outcome, VALID)?;
                    Counted::Other(outcome, number)
                }
                None => Counted::Nothing,
            },
            Metric::Outcome(wanted) => match outcome {
                Some(outcome) => {
                    let number = number_of(&outcome, wanted)?;
                    Counted::Outcome(outcome, number)
                }
                None => Counted::Nothing,
            },
        };
        let groups = column.as_ref().map_or(0, |column| column.num_terms());
        let (times, metric) = (Times::of(segment, self.span)?, self.metric.clone());
        let numbers = column.map(Numbers::of);
        Ok(TopSegment { times, numbers, counted, metric, counts: vec![0; groups] })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Groups>) -> tantivy::Result<Vec<Groups>> {
        Ok(fruits)
    }
}

/// What an event adds to its group.
enum Counted {
    Events,
    Cost(Column<i64>),
    /// One if it has the outcome of this number.
    Outcome(StrColumn, Option<u64>),
    /// One if it has another outcome than that of this number.
    Other(StrColumn, Option<u64>),
    /// Its time, of which the latest counts.
    Times,
    Nothing,
}

impl Counted {
    fn of(&self, doc: DocId, time_ms: i64) -> i64 {
        match self {
            Counted::Events => 1,
            Counted::Times => time_ms,
            Counted::Other(column, other) => {
                let number = column.ords().first(doc);
                i64::from(number.is_some() && number != *other)
            }
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
    numbers: Option<Numbers>,
    counted: Counted,
    metric: Metric,
    /// By the number of the group.
    counts: Vec<i64>,
}

impl SegmentCollector for TopSegment {
    type Fruit = Groups;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        let Some(numbers) = &mut self.numbers else { return };
        if !self.times.read(docs) {
            return;
        }
        numbers.read(docs);
        for (position, doc) in docs.iter().enumerate() {
            let Some(time_ms) = self.times.get(position) else { continue };
            let more = self.counted.of(*doc, time_ms);
            numbers.each(position, *doc, |number| {
                if let Some(count) = self.counts.get_mut(number as usize) {
                    *count = self.metric.join(*count, more);
                }
            });
        }
    }

    fn harvest(self) -> Groups {
        counted(&self.counts)
    }
}
