//! Which keys of a list were chosen: some by their ids, or all that its query
//! fits.

use std::collections::HashSet;

use base::ids::{ApiId, KeyId};
use web::form::{ALL_MATCHING, SELECTED};

use super::super::fields::Fields;
use super::super::shown::key_filter;
use super::super::visit::Visit;
use base::error::Result;
use base::store::Page;
use domain::bulk::Selection;
use domain::keys::{FindKeys, KeyDetails, Matching};

/// Keys of a preview.
const SAMPLE: usize = 5;

pub enum Chosen {
    Ids(Vec<KeyId>),
    /// In the language of [`base::filter`].
    Matching(String),
}

impl Chosen {
    /// What a form says; `None` when nothing was chosen.
    pub fn of(form: &Fields) -> Option<Self> {
        if form.ticked(ALL_MATCHING) {
            let query = Fields::parse(form.raw("query").as_bytes());
            return Some(Chosen::Matching(key_filter(&query)));
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
