//! The index of what people configure: finds keys, identities, roles and the
//! rest by what one remembers of them.
//!
//! One document for each live row, replaced when the audit log says that the row
//! changed. Nothing is decided by it: it may be a moment behind.

mod store;

use std::path::Path;

use base::ids::WorkspaceId;
use serde_json::Value;
use tantivy::collector::TopDocs;
use tantivy::query::{ConstScoreQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::Value as _;
use tantivy::schema::{Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::{TantivyDocument, Term};

pub use store::{EntityFeed, EntityFeeds, Rows};

use super::Search;
use super::audit::leaves;
use super::folder::Folder;
use super::followed::{Followed, Position};
use super::words::{any, begins_with, few, indexable, indexed, words};
use base::error::{Error, Result};

const FORMAT: u32 = 1;

/// Most hits of a question.
const MAX_HITS: usize = 100;

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    Key,
    RootKey,
    Identity,
    Api,
    Role,
    Permission,
    Namespace,
    Override,
}

impl EntityKind {
    pub const ALL: [EntityKind; 8] = [
        EntityKind::Key,
        EntityKind::RootKey,
        EntityKind::Identity,
        EntityKind::Api,
        EntityKind::Role,
        EntityKind::Permission,
        EntityKind::Namespace,
        EntityKind::Override,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EntityKind::Key => "key",
            EntityKind::RootKey => "rootKey",
            EntityKind::Identity => "identity",
            EntityKind::Api => "api",
            EntityKind::Role => "role",
            EntityKind::Permission => "permission",
            EntityKind::Namespace => "namespace",
            EntityKind::Override => "override",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kinds that audit entries call so: root keys count as keys there.
    pub(super) fn of_target(kind: &str) -> &'static [EntityKind] {
        match kind {
            "key" => &[EntityKind::Key, EntityKind::RootKey],
            "identity" => &[EntityKind::Identity],
            "api" => &[EntityKind::Api],
            "role" => &[EntityKind::Role],
            "permission" => &[EntityKind::Permission],
            "ratelimitNamespace" => &[EntityKind::Namespace],
            "ratelimitOverride" => &[EntityKind::Override],
            _ => &[],
        }
    }
}

/// What to find.
#[derive(Clone, Debug)]
pub struct EntityQuery {
    pub workspace: WorkspaceId,
    /// Every word must begin something of a hit: an id, the start of a key, a
    /// word of a name; or be the last four characters of a key.
    pub text: String,
    /// All of them when empty.
    pub kinds: Vec<EntityKind>,
    /// 1 to 100.
    pub limit: usize,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityHit {
    pub kind: EntityKind,
    pub id: String,
    /// The API of a key, the namespace of an override.
    pub parent: Option<String>,
    /// Empty when it has none.
    pub name: String,
    /// What tells it from others of its name: start and end of a key, a slug.
    pub detail: String,
}

/// A row as it is indexed.
#[derive(Clone, Debug, Default)]
pub struct EntityRow {
    pub workspace: String,
    pub id: String,
    pub parent: Option<String>,
    pub name: String,
    pub detail: String,
    /// Of keys.
    pub start: String,
    pub last4: String,
    /// Whatever else it is found by.
    pub texts: Vec<String>,
}

/// Bytes of metadata that are searched.
const MAX_META: usize = 4096;

impl EntityRow {
    /// How lists show a key whose plaintext nobody has.
    pub fn key_detail(start: &str, last4: &str) -> String {
        if last4.is_empty() { start.to_owned() } else { format!("{start}...{last4}") }
    }

    /// The values of metadata, which is JSON, up to a bound.
    pub fn meta_texts(meta: Option<&str>) -> Vec<String> {
        let meta = meta.and_then(|meta| serde_json::from_str::<Value>(meta).ok());
        let mut left = MAX_META;
        let mut texts = Vec::new();
        for text in meta.iter().flat_map(leaves) {
            let Some(rest) = left.checked_sub(text.len()) else { break };
            left = rest;
            texts.push(text);
        }
        texts
    }
}

#[derive(Clone, Copy)]
struct Fields {
    /// Kind and id, by which a document is replaced.
    unique: Field,
    workspace: Field,
    kind: Field,
    id: Field,
    start: Field,
    last4: Field,
    words: Field,
    shown_id: Field,
    parent: Field,
    name: Field,
    detail: Field,
}

/// The index of entities.
pub(super) struct EntityIndex {
    pub followed: Followed,
    fields: Fields,
}

/// How much finding something by a field says that it was meant.
const BY_WHOLE: f32 = 100.0;
const BY_START: f32 = 10.0;
const BY_WORD: f32 = 1.0;

impl Fields {
    fn schema() -> (Schema, Self) {
        let mut builder = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let exact = TextOptions::default().set_indexing_options(indexing);
        let fields = Self {
            unique: builder.add_text_field("unique", exact.clone()),
            workspace: builder.add_text_field("workspace", exact.clone()),
            kind: builder.add_text_field("kind", exact.clone() | STORED),
            id: builder.add_text_field("id", exact.clone()),
            start: builder.add_text_field("start", exact.clone()),
            last4: builder.add_text_field("last4", exact),
            words: builder.add_text_field("words", indexed()),
            shown_id: builder.add_text_field("shown_id", STORED),
            parent: builder.add_text_field("parent", STORED),
            name: builder.add_text_field("name", STORED),
            detail: builder.add_text_field("detail", STORED),
        };
        (builder.build(), fields)
    }

    fn unique(&self, kind: EntityKind, id: &str) -> Term {
        Term::from_field_text(self.unique, &format!("{} {id}", kind.as_str()))
    }

    fn document(&self, kind: EntityKind, entity: &EntityRow) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.unique, format!("{} {}", kind.as_str(), entity.id));
        document.add_text(self.workspace, &entity.workspace);
        document.add_text(self.kind, kind.as_str());
        document.add_text(self.id, entity.id.to_lowercase());
        document.add_text(self.shown_id, &entity.id);
        document.add_text(self.name, &entity.name);
        document.add_text(self.detail, &entity.detail);
        document.add_text(self.words, indexable(&entity.name));
        if let Some(parent) = &entity.parent {
            document.add_text(self.parent, parent);
        }
        for (field, text) in [(self.start, &entity.start), (self.last4, &entity.last4)] {
            if !text.is_empty() {
                document.add_text(field, text.to_lowercase());
            }
        }
        for text in &entity.texts {
            document.add_text(self.words, indexable(text));
        }
        document
    }

    /// Documents that one word of the text stands for, the likeliest weighing most.
    fn meant(&self, word: &str) -> Box<dyn Query> {
        let scored = |query: Box<dyn Query>, score| Box::new(ConstScoreQuery::new(query, score)) as _;
        let mut ways: Vec<Box<dyn Query>> = vec![
            scored(exactly(self.id, word), BY_WHOLE),
            scored(exactly(self.last4, word), BY_WHOLE),
            scored(begins_with(self.id, word), BY_START),
            scored(begins_with(self.start, word), BY_START),
        ];
        ways.extend(words(word).iter().map(|word| scored(begins_with(self.words, word), BY_WORD)));
        any(ways)
    }
}

fn exactly(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

pub(super) const NAME: &str = "entities";

/// As [`Followed::look`], of the index below `dir`.
pub(super) fn look(dir: &Path, thorough: bool) -> Option<Position> {
    Followed::look(dir, NAME, &Fields::schema().0, FORMAT, thorough)
}

impl EntityIndex {
    pub fn open(dir: &Path, is_used: bool) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        Ok(Self { followed: Followed::open(dir, NAME, schema, FORMAT, is_used)?, fields })
    }

    /// Adds rows of a first pass. Blocks.
    pub fn add(
        &self,
        from: Option<&Position>,
        to: Position,
        kind: EntityKind,
        rows: &[EntityRow],
    ) -> Result<()> {
        self.followed.apply(from, to, |folder| {
            rows.iter().try_for_each(|row| folder.add(self.fields.document(kind, row)))
        })
    }

    /// Replaces documents by what the rows are now. Blocks.
    pub fn replace(&self, from: Option<&Position>, to: Position, changes: &Changes) -> Result<()> {
        self.followed.apply(from, to, |folder| self.write(folder, changes))
    }

    fn write(&self, folder: &Folder, changes: &Changes) -> Result<()> {
        for workspace in &changes.gone_workspaces {
            folder.delete(Term::from_field_text(self.fields.workspace, workspace))?;
        }
        for (kind, id, now) in &changes.rows {
            folder.delete(self.fields.unique(*kind, id))?;
            if let Some(entity) = now {
                folder.add(self.fields.document(*kind, entity))?;
            }
        }
        Ok(())
    }

    /// Blocks.
    fn find(&self, asked: &EntityQuery) -> Result<Vec<EntityHit>> {
        let words = few(&asked.text, str::to_lowercase)?;
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let fields = &self.fields;
        let own = Box::new(ConstScoreQuery::new(exactly(fields.workspace, asked.workspace.as_str()), 0.0));
        let mut conditions: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, own)];
        if !asked.kinds.is_empty() {
            let kinds = asked.kinds.iter().map(|kind| Term::from_field_text(fields.kind, kind.as_str()));
            let any_kind = Box::new(TermSetQuery::new(kinds));
            conditions.push((Occur::Must, Box::new(ConstScoreQuery::new(any_kind, 0.0))));
        }
        conditions.extend(words.iter().map(|word| (Occur::Must, fields.meant(word))));
        let query = tantivy::query::BooleanQuery::new(conditions);
        let searcher = self.followed.searcher();
        let best = TopDocs::with_limit(asked.limit.clamp(1, MAX_HITS)).order_by_score();
        let found = searcher.search(&query, &best).map_err(Error::internal)?;
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            let document: TantivyDocument = searcher.doc(address).map_err(Error::internal)?;
            hits.push((score, self.hit(&document)?));
        }
        hits.sort_by(|(a, left), (b, right)| {
            b.total_cmp(a).then_with(|| (left.kind, &left.name).cmp(&(right.kind, &right.name)))
        });
        Ok(hits.into_iter().map(|(_, hit)| hit).collect())
    }

    fn hit(&self, document: &TantivyDocument) -> Result<EntityHit> {
        let text = |field| document.get_first(field).and_then(|value| value.as_str()).map(ToOwned::to_owned);
        let kind = text(self.fields.kind).and_then(|kind| EntityKind::parse(&kind));
        Ok(EntityHit {
            kind: kind.ok_or_else(|| Error::internal("an indexed entity has no kind"))?,
            id: text(self.fields.shown_id).unwrap_or_default(),
            parent: text(self.fields.parent),
            name: text(self.fields.name).unwrap_or_default(),
            detail: text(self.fields.detail).unwrap_or_default(),
        })
    }
}

/// Documents to replace.
#[derive(Default)]
pub(super) struct Changes {
    /// What each row is now; `None` when it is gone.
    pub rows: Vec<(EntityKind, String, Option<EntityRow>)>,
    pub gone_workspaces: Vec<String>,
}

impl Search {
    /// What the text may mean, the likeliest first. Up to two seconds behind.
    pub async fn entities(&self, asked: EntityQuery) -> Result<Vec<EntityHit>> {
        let search = self.clone();
        tokio::task::spawn_blocking(move || search.entity_index().find(&asked))
            .await
            .map_err(Error::internal)?
    }
}
