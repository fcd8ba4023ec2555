//! Which keys of a list were chosen: some by their ids, or all that its query
//! fits.

use std::collections::HashSet;

use base::ids::{ApiId, KeyId};
use web::form::{ALL_MATCHING, SELECTED};

use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::key_filter::key_filter;
use crate::http::dashboard::member_request::MemberRequest;
use base::error::Result;
use base::store::Page;
use domain::bulk::Selection;
use domain::keys::{FindKeys, KeyDetails, KeyOrder, Matching};

/// Keys of a preview.
const SAMPLE: usize = 5;

pub enum KeySelection {
    Ids(Vec<KeyId>),
    /// In the language of [`base::filter`].
    Matching(String),
}

impl KeySelection {
    /// What a form says; `None` when nothing was chosen.
    pub fn of(form: &Fields) -> Option<Self> {
        if form.ticked(ALL_MATCHING) {
            let query = Fields::parse(form.raw("query").as_bytes());
            return Some(KeySelection::Matching(key_filter(&query)));
        }
        let mut seen = HashSet::new();
        let ids: Vec<_> = form.all(SELECTED).filter(|id| seen.insert(*id)).map(KeyId::from).collect();
        (!ids.is_empty()).then_some(KeySelection::Ids(ids))
    }

    pub async fn count(&self, request: &MemberRequest, api: &ApiId) -> Result<Matching> {
        match self {
            KeySelection::Ids(ids) => Ok(Matching { keys: ids.len() as u64, is_exact: true }),
            KeySelection::Matching(filter) => request.app.keys.count_matching(&request.cx, api, filter).await,
        }
    }

    pub async fn sample(&self, request: &MemberRequest, api: &ApiId) -> Result<Vec<KeyDetails>> {
        match self {
            KeySelection::Ids(ids) => {
                request.app.keys.among(&request.cx, &ids[..ids.len().min(SAMPLE)]).await
            }
            KeySelection::Matching(filter) => {
                let page = Page { limit: SAMPLE as u64, cursor: None };
                let command = FindKeys {
                    api_id: Some(api.clone()),
                    filter: filter.clone(),
                    order: KeyOrder::NewestFirst,
                    page,
                };
                Ok(request.app.keys.find(&request.cx, command).await?.items)
            }
        }
    }

    pub fn ids(&self) -> Vec<String> {
        match self {
            KeySelection::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
            KeySelection::Matching(_) => Vec::new(),
        }
    }

    pub fn into_selection(self, api: ApiId) -> Selection {
        match self {
            KeySelection::Ids(ids) => Selection::Keys(ids),
            KeySelection::Matching(filter) => Selection::Matching { api: Some(api), filter },
        }
    }
}
