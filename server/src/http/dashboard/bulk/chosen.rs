//! Which keys of a list were chosen: some by their ids, or all that its query
//! fits.

use std::collections::HashSet;

use entity::ids::{ApiId, KeyId};
use web::form::{ALL_MATCHING, SELECTED};
use web::paths::QUERY;

use super::super::fields::Fields;
use super::super::visit::Visit;
use crate::bulk::Selection;
use crate::error::Result;
use crate::keys::{FILTER_FIELDS, FindKeys, KeyDetails, Matching};
use crate::store::Page;

/// Keys of a preview.
const SAMPLE: usize = 5;

pub enum Chosen {
    Ids(Vec<KeyId>),
    /// In the language of [`crate::filter`].
    Matching(String),
}

impl Chosen {
    /// What a form says; `None` when nothing was chosen.
    pub fn of(form: &Fields) -> Option<Self> {
        if form.ticked(ALL_MATCHING) {
            let query = Fields::parse(form.raw("query").as_bytes());
            return Some(Chosen::Matching(filter(&query)));
        }
        let mut seen = HashSet::new();
        let ids: Vec<_> = form.all(SELECTED).filter(|id| seen.insert(*id)).map(KeyId::from).collect();
        (!ids.is_empty()).then_some(Chosen::Ids(ids))
    }

    pub async fn count(&self, visit: &Visit, api: &ApiId) -> Result<Matching> {
        match self {
            Chosen::Ids(ids) => Ok(Matching { keys: ids.len() as u64, is_exact: true }),
            Chosen::Matching(filter) => visit.app.keys.count_matching(&visit.cx, api, filter).await,
        }
    }

    pub async fn sample(&self, visit: &Visit, api: &ApiId) -> Result<Vec<KeyDetails>> {
        match self {
            Chosen::Ids(ids) => visit.app.keys.among(&visit.cx, &ids[..ids.len().min(SAMPLE)]).await,
            Chosen::Matching(filter) => {
                let page = Page { limit: SAMPLE as u64, cursor: None };
                let command = FindKeys { api_id: Some(api.clone()), filter: filter.clone(), page };
                Ok(visit.app.keys.find(&visit.cx, command).await?.items)
            }
        }
    }

    pub fn ids(&self) -> Vec<String> {
        match self {
            Chosen::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
            Chosen::Matching(_) => Vec::new(),
        }
    }

    pub fn into_selection(self, api: ApiId) -> Selection {
        match self {
            Chosen::Ids(ids) => Selection::Keys(ids),
            Chosen::Matching(filter) => Selection::Matching { api: Some(api), filter },
        }
    }
}

/// The filter that the query of a list of keys stands for: what was typed, and
/// a term for each field that was chosen.
pub fn filter(query: &Fields) -> String {
    let chosen = query.pairs().iter().filter(|(name, value)| is_field(name) && !value.trim().is_empty());
    let terms = chosen.map(|(name, value)| term(name, value.trim()));
    query.given(QUERY).map(ToOwned::to_owned).into_iter().chain(terms).collect::<Vec<_>>().join(" ")
}

pub fn is_field(name: &str) -> bool {
    FILTER_FIELDS.contains(&name) || name.strip_prefix("meta.").is_some_and(|path| !path.is_empty())
}

/// Quoted, so that the value is one whatever it holds.
fn term(name: &str, value: &str) -> String {
    let (comparison, value) = match value.chars().next() {
        Some('>') => (">", &value[1..]),
        Some('<') => ("<", &value[1..]),
        _ => ("", value),
    };
    format!("{name}:{comparison}\"{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_list_is_a_filter() {
        let query = Fields::parse(
            b"q=web+-env%3Alive&status=expired&last_used=%3E90d&name=a+%22b&meta.plan=pro&sort=-name&x=y",
        );
        let filter = filter(&query);
        assert_eq!(filter, r#"web -env:live status:"expired" last_used:>"90d" name:"a ""b" meta.plan:"pro""#);
        assert!(crate::keys::check_filter(&filter, 0).is_ok());
    }
}
