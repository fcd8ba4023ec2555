//! What lists have in common: their search, their order, and the
//! keys beside something else.

use web::components::{Filters, Sorting};
use web::pages::parts::{KEYS, KeyLine};
use web::paths::SORT;

use super::member_request::MemberRequest;
use super::presenters::key::key_line;
use super::saved_views::saved_views;
use base::error::Result;
use base::store::{BoundedCount, Page};
use domain::keys::SharedBy;

/// Keys on a page about something else.
const FEW: u64 = 20;

/// A list that is searched and whose choices can be kept.
pub async fn search_filters(request: &MemberRequest, searches: &str) -> Result<Filters> {
    let saved = saved_views(request).await?;
    Ok(Filters { saved, can_save: true, ..Filters::search_only(request.here(), searches) })
}

/// The order that the address asks for: one of these columns, else `default`.
pub fn chosen_sorting(request: &MemberRequest, columns: &[&str], default: &str) -> Sorting {
    let asked = request.query().text(SORT);
    let known = columns.contains(&asked.trim_start_matches('-'));
    let chosen = if known { asked } else { default };
    Sorting { column: chosen.trim_start_matches('-').to_owned(), descending: chosen.starts_with('-') }
}

/// Keys that have something in common, and the cursor of the next.
pub async fn related_keys(request: &MemberRequest, kin: &SharedBy) -> Result<(Vec<KeyLine>, Option<String>)> {
    let page = Page { limit: FEW, cursor: request.query().given(KEYS).map(ToOwned::to_owned) };
    let found = request.app.keys.sharing(&request.cx, kin, &page).await?;
    Ok((found.items.iter().map(|key| key_line(request, key)).collect(), found.next))
}

pub fn tally(tally: BoundedCount) -> web::components::BoundedCount {
    web::components::BoundedCount { count: tally.count, more: tally.more }
}
