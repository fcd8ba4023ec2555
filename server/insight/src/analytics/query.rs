//! From filters to a query of the index.

use std::ops::Range;

use base::ids::WorkspaceId;
use tantivy::query::{AllQuery, BooleanQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::search::{Week, all_are_of, any, begins_with, words};
use base::error::Result;

/// Which events of a workspace; an empty list is no condition, and the members
/// of a list are alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub apis: Vec<String>,
    pub keys: Vec<String>,
    pub identities: Vec<String>,
    pub external_ids: Vec<String>,
    pub tags: Vec<String>,
    pub outcomes: Vec<String>,
    pub namespaces: Vec<String>,
    pub identifiers: Vec<String>,
    pub request_ids: Vec<String>,
    pub ips: Vec<String>,
    pub root_keys: Vec<String>,
    /// Of requests, as all that follow but the text.
    pub doors: Vec<String>,
    pub methods: Vec<String>,
    pub paths: Vec<String>,
    pub statuses: Vec<String>,
    /// A verification's outcome, or the code of the error.
    pub codes: Vec<String>,
    /// Each word of it must begin an id, external id, tag, identifier or address
    /// of the event; or, of requests, a word of what is logged.
    pub text: Option<String>,
}

impl Filter {
    /// What its texts take in memory.
    pub(super) fn text_bytes(&self) -> usize {
        let lists = [
            &self.apis,
            &self.keys,
            &self.identities,
            &self.external_ids,
            &self.tags,
            &self.outcomes,
            &self.namespaces,
            &self.identifiers,
            &self.request_ids,
            &self.ips,
            &self.root_keys,
            &self.doors,
            &self.methods,
            &self.paths,
            &self.statuses,
            &self.codes,
        ];
        let texts = lists.into_iter().flatten().chain(&self.text);
        texts.map(|text| text.len() + size_of::<String>()).sum()
    }

    /// As a query of one index, for this searcher of it and no other: what is
    /// committed later may be of somebody else. Leaves most events out that are not
    /// in the span, Unix milliseconds. Also the SQL room asks it.
    pub(crate) fn query(
        &self,
        workspace: &WorkspaceId,
        week: &Week,
        searcher: &Searcher,
        span: &Range<i64>,
    ) -> Result<Box<dyn Query>> {
        self.conditions(workspace, week, searcher).of_span(week, searcher, span)
    }

    /// What is asked of the events of whichever span, for a searcher as above.
    pub(super) fn conditions(&self, workspace: &WorkspaceId, week: &Week, searcher: &Searcher) -> Conditions {
        let fields = week.fields();
        // What is true of all events would cost more to ask of each than the rest.
        let unless_all = |field: &str, texts: Vec<String>| match all_are_of(searcher, field, &texts) {
            true => Vec::new(),
            false => texts,
        };
        let own = unless_all("workspace", vec![workspace.as_str().to_owned()]);
        let apis = unless_all("api", self.apis.clone());
        let conditions = [
            (fields.workspace, &own),
            (fields.api, &apis),
            (fields.key, &self.keys),
            (fields.identity, &self.identities),
            (fields.external_id, &self.external_ids),
            (fields.tag, &self.tags),
            (fields.outcome, &self.outcomes),
            (fields.namespace, &self.namespaces),
            (fields.identifier, &self.identifiers),
            (fields.request_id, &self.request_ids),
            (fields.ip, &self.ips),
            (fields.root_key, &self.root_keys),
            (fields.door, &self.doors),
            (fields.method, &self.methods),
            (fields.path, &self.paths),
            (fields.status, &self.statuses),
            (fields.code, &self.codes),
        ];
        let musts = conditions
            .into_iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(field, texts)| (Occur::Must, any_of(field, texts)));
        let mut musts: Vec<_> = musts.collect();
        let text = self.text.as_deref().unwrap_or_default();
        musts.extend(text.split_whitespace().map(|word| (Occur::Must, mentions(week, word))));
        Conditions(musts)
    }
}

/// What events have to be, whenever they were.
pub(super) struct Conditions(Vec<(Occur, Box<dyn Query>)>);

impl Conditions {
    /// As a query of the index and searcher they were made for. Leaves most events out
    /// that are not in the span, Unix milliseconds.
    pub fn of_span(&self, week: &Week, searcher: &Searcher, span: &Range<i64>) -> Result<Box<dyn Query>> {
        let within = week.within(searcher, span)?;
        Ok(match within {
            Some(within) if self.0.is_empty() => within,
            None if self.0.is_empty() => Box::new(AllQuery),
            within => {
                let own = self.0.iter().map(|(occur, query)| (*occur, query.box_clone()));
                Box::new(BooleanQuery::new(own.chain(within.map(|within| (Occur::Must, within))).collect()))
            }
        })
    }
}

/// Events that mention a word: in a field that holds one text, the text must
/// begin with it as it stands.
fn mentions(week: &Week, word: &str) -> Box<dyn Query> {
    let fields = week.fields();
    let whole = [
        fields.request_id,
        fields.key,
        fields.identity,
        fields.external_id,
        fields.tag,
        fields.api,
        fields.namespace,
        fields.identifier,
        fields.root_key,
        fields.ip,
    ];
    let mut ways: Vec<Box<dyn Query>> = whole.into_iter().map(|field| begins_with(field, word)).collect();
    ways.extend(words(word).iter().map(|word| begins_with(fields.text, word)));
    any(ways)
}

fn any_of(field: Field, texts: &[String]) -> Box<dyn Query> {
    let term = |text: &String| Term::from_field_text(field, text);
    match texts {
        [text] => Box::new(TermQuery::new(term(text), IndexRecordOption::Basic)),
        texts => Box::new(TermSetQuery::new(texts.iter().map(term))),
    }
}
