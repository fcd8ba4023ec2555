//! The list of identities.

use base::ids::IdentityId;
use web::components::Pager;
use web::pages::identities::{IdentitiesView, IdentityRow, list as list_page};
use web::paths::QUERY;
use web::texts::identities as text;

use crate::http::dashboard::lists::{chosen_sorting, search_filters, tally};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::Result;
use base::store::Paged;
use domain::identities::{BrowseIdentities, IdentityLine, Order};
use insight::search::{EntityKind, EntityQuery};

/// Hits of a search.
const HITS: usize = 100;

/// `GET /identities`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let sorting = chosen_sorting(&request, &["external_id", "created"], "-created");
    let found = match request.query().given(QUERY) {
        Some(text) => Paged { items: matching(&request, text).await?, next: None },
        None => {
            let order = if sorting.column == "external_id" { Order::ExternalId } else { Order::Created };
            let command = BrowseIdentities { order, descending: sorting.descending, page: request.page() };
            request.app.identities.browse(&request.cx, command).await?
        }
    };
    let rows: Vec<_> = found.items.into_iter().map(|line| row(&request, line)).collect();
    let filters = search_filters(&request, text::EXTERNAL_ID_OR_ID).await?;
    let pager = Pager { shown: rows.len() as i64, total: None, next: found.next, rows: Some(request.rows()) };
    Ok(Reply::page(list_page(&request.shell, &IdentitiesView { filters, rows, sorting, pager })))
}

/// Whose id this is or whose external id begins so, and what the index finds by
/// words inside of it, which may be a moment behind.
async fn matching(request: &MemberRequest, text: &str) -> Result<Vec<IdentityLine>> {
    request.cx.require(Operation::IdentityList, Target::NONE)?;
    let asked = EntityQuery {
        workspace: request.cx.workspace.clone(),
        text: text.to_owned(),
        kinds: vec![EntityKind::Identity],
        limit: HITS,
    };
    let hits = request.app.search.entities(asked).await?;
    let others = hits.into_iter().map(|hit| IdentityId::from(hit.id.as_str())).collect();
    request.app.identities.matching(&request.cx, text, others, HITS as u64).await
}

fn row(request: &MemberRequest, line: IdentityLine) -> IdentityRow {
    IdentityRow {
        id: line.id.to_string(),
        external_id: line.external_id,
        keys: tally(line.keys),
        limits: line.limits,
        last_used: request.maybe_stamp(line.last_used_at),
        created: Some(request.stamp(line.created_at)),
    }
}
