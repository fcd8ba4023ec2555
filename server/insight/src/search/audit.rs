//! The index of the audit log: finds entries by words, whatever else is asked.
//!
//! Holds where entries are, not what they say: those found are read from the log
//! itself. Entries are never changed, so documents are only ever added. Entries
//! that are not indexed yet are looked through one by one: answers are exact.

use std::future::Future;
use std::ops::Bound;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use base::ids::WorkspaceId;
use serde_json::Value;
use tantivy::collector::TopDocs;
use tantivy::query::{FastFieldRangeQuery, Query, TermQuery};
use tantivy::schema::{
    DateOptions, DateTimePrecision, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{DateTime, Order, TantivyDocument, Term};

use super::Search;
use super::followed::{Followed, Position};
use super::words::{all, begins_with, indexable, indexed, searched};
use base::audit::{AuditFilter, AuditRow, AuditTargetRow, TextIndex, entries_after};
use base::error::{Error, Result};
use base::store::Store;

const FORMAT: u32 = 2;

/// Entries that are not indexed yet are read so many at a time.
const TAIL: u64 = 500;

/// The index of the audit log.
pub(super) struct AuditIndex {
    pub followed: Followed,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    /// Its place in the order of commits.
    seq: Field,
    time: Field,
    workspace: Field,
    event: Field,
    actor: Field,
    target: Field,
    request_id: Field,
    ip: Field,
    /// Description, actor, targets and changed values.
    text: Field,
}

impl Fields {
    fn schema() -> (Schema, Self) {
        let mut builder = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let filter = TextOptions::default().set_indexing_options(indexing);
        let time = DateOptions::default().set_fast().set_precision(DateTimePrecision::Milliseconds);
        let fields = Self {
            seq: builder.add_i64_field("seq", FAST),
            time: builder.add_date_field("time", time),
            workspace: builder.add_text_field("workspace", filter.clone()),
            event: builder.add_text_field("event", filter.clone()),
            actor: builder.add_text_field("actor", filter.clone()),
            target: builder.add_text_field("target", filter.clone()),
            request_id: builder.add_text_field("request_id", filter.clone()),
            ip: builder.add_text_field("ip", filter),
            text: builder.add_text_field("text", indexed()),
        };
        (builder.build(), fields)
    }

    fn document(&self, entry: &AuditRow) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_i64(self.seq, entry.seq);
        document.add_date(self.time, DateTime::from_timestamp_millis(entry.time_ms));
        document.add_text(self.workspace, &entry.workspace);
        document.add_text(self.event, &entry.event);
        document.add_text(self.actor, &entry.actor_id);
        document.add_text(self.request_id, &entry.request_id);
        if let Some(ip) = &entry.ip {
            document.add_text(self.ip, ip);
        }
        for target in &entry.targets {
            document.add_text(self.target, &target.id);
        }
        document.add_text(self.text, words_of(entry));
        document
    }
}

/// Everything an entry is found by, as its field holds it.
fn words_of(entry: &AuditRow) -> String {
    let changes = entry.changes.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut texts = vec![entry.description.clone(), entry.actor_id.clone(), entry.actor_name.clone()];
    texts.extend(entry.ip.clone());
    for AuditTargetRow { id, name, .. } in &entry.targets {
        texts.push(id.clone());
        texts.extend(name.clone());
    }
    texts.extend(changes.iter().flat_map(leaves));
    indexable(&texts.join(" "))
}

/// Whether an entry that is not indexed yet is one that the index would find.
fn matches(entry: &AuditRow, workspace: &WorkspaceId, filter: &AuditFilter, words: &[String]) -> bool {
    let is = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
    let of_event = |asked: &str| match asked.strip_suffix('*') {
        Some(start) => entry.event.starts_with(start),
        None => entry.event == asked,
    };
    let about = |asked: &String| entry.targets.iter().any(|target| target.id == *asked);
    entry.workspace == workspace.as_str()
        && filter.stored_event().is_none_or(of_event)
        && is(&filter.actor, &entry.actor_id)
        && is(&filter.request_id, &entry.request_id)
        && filter.target.as_ref().is_none_or(about)
        && filter.since_ms.is_none_or(|since_ms| entry.time_ms >= since_ms)
        && filter.until_ms.is_none_or(|until_ms| entry.time_ms < until_ms)
        && {
            let held = words_of(entry);
            let begins = |word: &String| held.split(' ').any(|held| held.starts_with(word.as_str()));
            words.iter().all(begins)
        }
}

/// The values of a JSON document as texts, without the names of its members.
pub(super) fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Bool(_) => Vec::new(),
        Value::Number(number) => vec![number.to_string()],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(members) => members.values().flat_map(leaves).collect(),
    }
}

pub(super) const NAME: &str = "audit";

/// As [`Followed::look`], of the index below `dir`.
pub(super) fn look(dir: &Path, thorough: bool) -> Option<Position> {
    Followed::look(dir, NAME, &Fields::schema().0, FORMAT, thorough)
}

impl AuditIndex {
    pub fn open(dir: &Path, is_used: bool) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        Ok(Self { followed: Followed::open(dir, NAME, schema, FORMAT, is_used)?, fields })
    }

    /// Adds the entries that follow the position `from`; none of them says that
    /// there are none. Blocks.
    pub fn add(&self, from: Option<&Position>, entries: &[AuditRow]) -> Result<()> {
        let (row, id) = entries.last().map(|last| (last.seq, last.id.clone())).unwrap_or_default();
        let to = self.followed.at(row, id, None);
        self.followed.apply(from, to, |folder| {
            entries.iter().try_for_each(|entry| folder.add(self.fields.document(entry)))
        })
    }

    /// As [`TextIndex::find`], of what is indexed. Blocks.
    fn find(
        &self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        newest: Option<i64>,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let Some(query) = self.query(workspace, filter, newest)? else { return Ok(Vec::new()) };
        let first = TopDocs::with_limit(limit).order_by_fast_field::<i64>("seq", Order::Desc);
        let found = self.followed.searcher().search(&*query, &first).map_err(Error::internal)?;
        Ok(found.into_iter().filter_map(|(seq, _)| seq).collect())
    }

    /// `None` when the text has no word: nothing can be found by it.
    fn query(
        &self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        newest: Option<i64>,
    ) -> Result<Option<Box<dyn Query>>> {
        let fields = &self.fields;
        let words = searched(filter.text.as_deref().unwrap_or_default())?;
        if words.is_empty() {
            return Ok(None);
        }
        let mut conditions = vec![exactly(fields.workspace, workspace.as_str())];
        conditions.extend(words.iter().map(|word| begins_with(fields.text, word)));
        conditions.extend(filter.stored_event().map(|event| match event.strip_suffix('*') {
            Some(start) => begins_with(fields.event, start),
            None => exactly(fields.event, event),
        }));
        let exact = [
            (fields.actor, &filter.actor),
            (fields.target, &filter.target),
            (fields.request_id, &filter.request_id),
        ];
        for (field, text) in exact {
            conditions.extend(text.as_deref().map(|text| exactly(field, text)));
        }
        if filter.since_ms.is_some() || filter.until_ms.is_some() {
            let moment =
                |time_ms| Term::from_field_date(fields.time, DateTime::from_timestamp_millis(time_ms));
            let since = filter.since_ms.map_or(Bound::Unbounded, |since| Bound::Included(moment(since)));
            let until = filter.until_ms.map_or(Bound::Unbounded, |until| Bound::Excluded(moment(until)));
            conditions.push(Box::new(FastFieldRangeQuery::new(since, until)));
        }
        if let Some(newest) = newest {
            let to = Bound::Included(Term::from_field_i64(fields.seq, newest));
            conditions.push(Box::new(FastFieldRangeQuery::new(Bound::Unbounded, to)));
        }
        Ok(Some(all(conditions)))
    }
}

fn exactly(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

/// Answers the audit log's questions for a text.
#[derive(Clone)]
pub struct AuditText {
    search: Search,
    store: Store,
}

impl AuditText {
    pub fn new(search: Search, store: Store) -> Self {
        Self { search, store }
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        newest: Option<i64>,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let words = searched(filter.text.as_deref().unwrap_or_default())?;
        if words.is_empty() {
            return Ok(Vec::new());
        }
        // Read first: what the index learns after that is found twice, not missed.
        let reached = self.search.audit().followed.reached();
        let mut found = match reached {
            Some(_) => self.indexed(workspace, filter, newest, limit).await?,
            None => Vec::new(),
        };
        let mut after = reached.unwrap_or(0);
        loop {
            let entries = entries_after(self.store.read(), after, TAIL).await?;
            let Some(last) = entries.last() else { break };
            after = last.seq;
            let new = entries.iter().filter(|entry| matches(entry, workspace, filter, &words));
            found.extend(new.map(|entry| entry.seq));
        }
        found.retain(|seq| newest.is_none_or(|newest| *seq <= newest));
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }

    async fn indexed(
        &self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        newest: Option<i64>,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let (search, workspace, filter) = (self.search.clone(), workspace.clone(), filter.clone());
        tokio::task::spawn_blocking(move || search.audit().find(&workspace, &filter, newest, limit))
            .await
            .map_err(Error::internal)?
    }
}

impl TextIndex for AuditText {
    fn find<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        filter: &'a AuditFilter,
        newest: Option<i64>,
        limit: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<i64>>> + Send + 'a>> {
        Box::pin(async move {
            let limit = usize::try_from(limit).map_err(Error::internal)?;
            self.newest(workspace, filter, newest, limit).await
        })
    }
}

impl Search {
    /// Finds audit entries by text in `store`.
    pub fn audit_text(&self, store: Store) -> Arc<dyn TextIndex> {
        Arc::new(AuditText::new(self.clone(), store))
    }
}
