//! When something last happened, by group.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::Times;
use super::{Analytics, GroupBy, Question};
use crate::error::{Error, Result};

impl Analytics {
    /// The time of the last event of the question of each of these groups, Unix
    /// milliseconds; groups without events are left out. Buckets and groups of
    /// the question are not looked at.
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
        self.over_weeks(question, move |question, searcher, query, all: &mut HashMap<String, i64>| {
            let collector = LatestCollector { span: (question.start_ms, question.end_ms), by };
            merge(all, searcher.search(query, &collector).map_err(Error::internal)?);
            Ok(())
        })
        .await
    }
}

fn merge(all: &mut HashMap<String, i64>, more: HashMap<String, i64>) {
    for (name, time_ms) in more {
        let known = all.entry(name).or_insert(time_ms);
        *known = time_ms.max(*known);
    }
}

struct LatestCollector {
    span: (i64, i64),
    by: GroupBy,
}

impl Collector for LatestCollector {
    type Fruit = HashMap<String, i64>;
    type Child = LatestSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<LatestSegment> {
        let column = segment.fast_fields().str(self.by.field())?;
        let groups = column.as_ref().map_or(0, |column| column.num_terms());
        Ok(LatestSegment { times: Times::of(segment, self.span)?, column, latest: vec![i64::MIN; groups] })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(
        &self,
        fruits: Vec<tantivy::Result<HashMap<String, i64>>>,
    ) -> tantivy::Result<HashMap<String, i64>> {
        let mut all = HashMap::new();
        for fruit in fruits {
            merge(&mut all, fruit?);
        }
        Ok(all)
    }
}

struct LatestSegment {
    times: Times,
    column: Option<StrColumn>,
    /// By the number of the group.
    latest: Vec<i64>,
}

impl SegmentCollector for LatestSegment {
    type Fruit = tantivy::Result<HashMap<String, i64>>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        let Some(column) = &self.column else { return };
        if !self.times.read(docs) {
            return;
        }
        for (position, doc) in docs.iter().enumerate() {
            let Some(time_ms) = self.times.get(position) else { continue };
            for number in column.ords().values_for_doc(*doc) {
                if let Some(latest) = self.latest.get_mut(number as usize) {
                    *latest = time_ms.max(*latest);
                }
            }
        }
    }

    fn harvest(self) -> tantivy::Result<HashMap<String, i64>> {
        let Some(column) = self.column else { return Ok(HashMap::new()) };
        let mut found = HashMap::new();
        for (number, time_ms) in self.latest.into_iter().enumerate().filter(|(_, time)| *time > i64::MIN) {
            let mut name = String::new();
            let known = column.ord_to_str(number as u64, &mut name);
            if known.map_err(|error| TantivyError::IoError(Arc::new(error)))? {
                found.insert(name, time_ms);
            }
        }
        Ok(found)
    }
}
