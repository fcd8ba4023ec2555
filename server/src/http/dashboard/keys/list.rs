//! The keys of an API.

use web::components::{FilterField, FilterKind, Filters, Pager, Sorting};
use web::pages::keys::{KeyRow, KeysView, list as list_page};
use web::texts::{common, keys as text};

use super::key_usage::{BUCKETS, KeyUsage};
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::charts::spark;
use crate::http::dashboard::key_filter::key_filter;
use crate::http::dashboard::lists::chosen_sorting;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::sum;
use crate::http::dashboard::presenters::key::{key_states, last_used};
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::saved_views::saved_views;
use base::error::{Code, Result};
use base::store::Paged;
use domain::keys::{FindKeys, KeyDetails, KeyOrder, OrderedBy};

/// `GET /apis/:id/keys`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    let filter = key_filter(request.query());
    let sorting = chosen_sorting(&request, &["created", "name", "expires"], "-created");
    let (order, is_filtered) = (order(&sorting), !filter.is_empty());
    let command = FindKeys { api_id: Some(api.id.clone()), filter, order, page: request.page() };
    let (found, problems) = matching(&request, command).await?;
    let ids = found.items.iter().map(|details| details.key.id.to_string()).collect();
    let usage = KeyUsage::of(&request, ids).await?;
    let keys: Vec<KeyRow> = found.items.iter().map(|details| row(&request, details, &usage)).collect();
    let view = KeysView {
        api: api_ref(&request, &api).await?,
        filters: filters(&request, problems).await?,
        pager: Pager {
            shown: i64::try_from(keys.len()).unwrap_or(0),
            total: (!is_filtered).then_some(api.live_keys),
            next: found.next,
            rows: Some(request.rows()),
        },
        keys,
        sorting,
    };
    Ok(Reply::page(list_page(&request.shell, &view)))
}

fn order(sorting: &Sorting) -> KeyOrder {
    let descending = sorting.descending;
    match sorting.column.as_str() {
        "name" => KeyOrder::Sorted { by: OrderedBy::Name, descending },
        "expires" => KeyOrder::Sorted { by: OrderedBy::Expiry, descending },
        _ if descending => KeyOrder::NewestFirst,
        _ => KeyOrder::OldestFirst,
    }
}

/// The keys that match, or what is wrong with the filter.
async fn matching(request: &MemberRequest, command: FindKeys) -> Result<(Paged<KeyDetails>, Vec<String>)> {
    match request.app.keys.find(&request.cx, command).await {
        Ok(found) => Ok((found, vec![])),
        Err(error) if error.code() == Code::InvalidInput => {
            Ok((Paged { items: vec![], next: None }, vec![error.detail().to_owned()]))
        }
        Err(error) => Err(error),
    }
}

fn row(request: &MemberRequest, details: &KeyDetails, usage: &KeyUsage) -> KeyRow {
    let key = &details.key;
    let rows = usage.of_key(key.id.as_str());
    KeyRow {
        id: key.id.to_string(),
        name: key.name.clone(),
        start: key.start.clone(),
        last4: key.last4.clone(),
        identity: details.identity.as_ref().map(|one| (one.external_id.clone(), one.id.to_string())),
        enabled: key.enabled,
        states: key_states(key, Some(&sum(rows)), request.now_ms()),
        usage: spark(rows, &BUCKETS, &usage.span),
        last_used: last_used(request, key),
        expires: request.maybe_stamp(key.expires_at),
    }
}

async fn filters(request: &MemberRequest, problems: Vec<String>) -> Result<Filters> {
    let text = |name: &str, label: &str, placeholder: &str| FilterField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: FilterKind::Text { placeholder: placeholder.to_owned() },
    };
    let states = ["enabled", "disabled", "expired", "expiring", "exhausted"];
    let names = [
        common::ENABLED,
        common::DISABLED,
        common::EXPIRED,
        text::EXPIRES_WITHIN_A_DAY,
        text::OUT_OF_CREDITS,
    ];
    let states = states.iter().zip(names).map(|(code, name)| ((*code).to_owned(), name.to_owned()));
    let status = FilterField {
        name: "status".to_owned(),
        label: common::STATE.to_owned(),
        kind: FilterKind::AnyOf(states.collect()),
    };
    Ok(Filters {
        here: request.here(),
        searches: text::SEARCH_HINT.to_owned(),
        fields: vec![
            status,
            text("name", common::NAME, text::NAME_PLACEHOLDER),
            text("identity", text::EXTERNAL_ID, "user_123"),
            text("env", text::ENVIRONMENT, "production"),
            text("role", common::ROLE, "editor"),
            text("permission", text::DIRECT_PERMISSION, "documents.read"),
            text("last_used", common::LAST_USED, text::LAST_USED_PLACEHOLDER),
            text("expires", common::EXPIRES, text::EXPIRES_PLACEHOLDER),
            text("created", common::CREATED, "<7d"),
            text("credits", common::CREDITS_LEFT, "<100"),
        ],
        problems,
        saved: saved_views(request).await?,
        can_save: true,
    })
}
