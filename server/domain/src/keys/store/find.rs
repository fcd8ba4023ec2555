//! Conditions on keys as SQL, and pages of a bounded number of rows.

use base::ids::{ApiId, KeyId};
use entity::key;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::{live, successor, to_key};
use crate::apis::{self, Api};
use crate::keys::Key;
use crate::keys::find::{Condition, Conditions, Status};
use crate::{identities, permissions};
use base::access::OpCtx;
use base::error::Result;
use base::filter::Comparison;
use base::store::{Engine, Page, Paged, begins, holds};

/// Keys that one page looks at: some twenty milliseconds where few fit.
pub(super) const SCAN: u64 = 10_000;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// A page of live keys. Where the bound of a page is met
/// before the page is full, the cursor is there.
pub(in crate::keys) async fn find_page(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    api: Option<&Api>,
    conditions: &Conditions,
    (is_newest_first, page): (bool, &Page),
) -> Result<Paged<Key>> {
    let is_selective = conditions.iter().any(|(negated, condition)| !negated && is_selective(condition));
    let candidates = || {
        let mut select = live(key::Entity::find(), &cx.workspace);
        select = match api {
            Some(api) => select.filter(key::Column::ApiId.eq(api.id.clone())),
            None => select.filter(key::Column::ApiId.in_subquery(apis::live_ids(&cx.workspace))),
        };
        if let Some(cursor) = &page.cursor {
            // With few keys to look at, SQLite shall not walk the others from here on.
            let id = match is_selective {
                true => Expr::cust(Engine::of(db).unindexed("keys.id")),
                false => Expr::col((key::Entity, key::Column::Id)),
            };
            let cursor = cursor.as_str();
            select = select.filter(if is_newest_first { id.lte(cursor) } else { id.gte(cursor) });
        }
        let direction = if is_newest_first { Order::Desc } else { Order::Asc };
        select.order_by(key::Column::Id, direction)
    };
    let bound = if is_selective || conditions.is_empty() { None } else { edge(db, candidates()).await? };
    let mut select = candidates();
    if let Some(bound) = &bound {
        let (id, bound) = (key::Column::Id, bound.as_str());
        select = select.filter(if is_newest_first { id.gt(bound) } else { id.lt(bound) });
    }
    select = fitting(Engine::of(db), select, cx, conditions);
    let rows = select.limit(page.limit + 1).all(db).await?;
    let keys = keys_of(db, cx, rows).await?;
    let mut found = Paged::from_rows(keys, page, |key| key.id.as_str());
    found.next = found.next.or(bound.map(KeyId::into_string));
    Ok(found)
}

/// Those of a page's conditions.
pub(super) fn fitting(
    engine: Engine,
    mut select: Select<key::Entity>,
    cx: &OpCtx,
    conditions: &Conditions,
) -> Select<key::Entity> {
    for (negated, condition) in conditions {
        let holds = expression(engine, cx, condition);
        select = select.filter(if *negated {
            // What is unknown does not hold, so its opposite does.
            Expr::from(Func::coalesce([holds, Expr::value(false)])).eq(false)
        } else {
            // As it is, so that its index can be used.
            holds
        });
    }
    select
}

/// Rows as keys, but for those of APIs that are gone.
pub(super) async fn keys_of(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    rows: Vec<key::Model>,
) -> Result<Vec<Key>> {
    let apis = apis_of(db, cx, &rows).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(api) = apis.iter().find(|api| api.id == row.api_id) {
            keys.push(to_key(row, api.clone())?);
        }
    }
    successor::resolve(db, &mut keys).await?;
    Ok(keys)
}

/// The live keys with these ids, by id.
pub(in crate::keys) async fn among(db: &impl ConnectionTrait, cx: &OpCtx, ids: &[KeyId]) -> Result<Vec<Key>> {
    let named = live(key::Entity::find(), &cx.workspace).filter(key::Column::Id.is_in(ids.to_vec()));
    let rows = named.order_by_asc(key::Column::Id).all(db).await?;
    keys_of(db, cx, rows).await
}

/// How many keys of an API fit, among those that a page would look at, and
/// whether these are all.
pub(in crate::keys) async fn count_fitting(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    api: &Api,
    conditions: &Conditions,
) -> Result<(u64, bool)> {
    let of_api = || live(key::Entity::find(), &cx.workspace).filter(key::Column::ApiId.eq(api.id.clone()));
    let is_selective = conditions.iter().any(|(negated, condition)| !negated && is_selective(condition));
    let newest = || of_api().order_by_desc(key::Column::Id);
    let bound = if is_selective { None } else { edge(db, newest()).await? };
    let mut select = fitting(Engine::of(db), of_api(), cx, conditions);
    if let Some(bound) = &bound {
        select = select.filter(key::Column::Id.gt(bound.as_str()));
    }
    Ok((select.count(db).await?, bound.is_none()))
}

/// The first key that the page does not look at.
async fn edge(db: &impl ConnectionTrait, candidates: Select<key::Entity>) -> Result<Option<KeyId>> {
    let ids = candidates.select_only().column(key::Column::Id).offset(SCAN).limit(1);
    Ok(ids.into_tuple().one(db).await?)
}

/// Conditions with an index of their own.
pub(super) fn is_selective(condition: &Condition) -> bool {
    matches!(condition, Condition::Id(_) | Condition::Identity(_))
}

pub(super) async fn apis_of(db: &impl ConnectionTrait, cx: &OpCtx, rows: &[key::Model]) -> Result<Vec<Api>> {
    let mut ids: Vec<&ApiId> = rows.iter().map(|row| &row.api_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(apis::find_live(db, &cx.workspace, id).await?);
    }
    Ok(found)
}

fn expression(engine: Engine, cx: &OpCtx, condition: &Condition) -> SimpleExpr {
    use key::Column;
    match condition {
        Condition::Text(text) => holds(engine, Column::Name, text)
            .or(begins(engine, Column::Id, text))
            .or(begins(engine, Column::Start, text))
            .or(Column::Last4.eq(text.as_str()))
            .or(Column::IdentityId.in_subquery(identities::ids_beginning_with(engine, &cx.workspace, text))),
        Condition::Status(any) => {
            let ways = any.iter().map(|status| of_status(cx, *status));
            ways.reduce(ExprTrait::or).unwrap_or_else(|| Expr::value(false))
        }
        Condition::Id(id) => Column::Id.eq(id.as_str()),
        Condition::Name(text) => holds(engine, Column::Name, text),
        Condition::Start(text) => begins(engine, Column::Start, text),
        Condition::Last4(text) => Column::Last4.eq(text.as_str()),
        Condition::Identity(external_id) => Column::Id.in_subquery(of_identity(cx, external_id)),
        Condition::Owner(text) => Column::OwnerId.eq(text.as_str()),
        Condition::Environment(text) => Column::Environment.eq(text.as_str()),
        Condition::Role(name) => Column::Id.in_subquery(permissions::keys_with_role(&cx.workspace, name)),
        Condition::Permission(slug) => {
            Column::Id.in_subquery(permissions::keys_with_permission(&cx.workspace, slug))
        }
        Condition::Meta(path, text) => member(engine, path).eq(text.as_str()),
        Condition::Created(comparison, at_ms) => compared(Column::CreatedAt, *comparison, *at_ms),
        Condition::Expires(comparison, at_ms) => compared(Column::ExpiresAt, *comparison, *at_ms),
        Condition::LastUsed(comparison, at_ms) => compared(Column::LastUsedAt, *comparison, *at_ms),
        Condition::NeverUsed => Column::LastUsedAt.is_null(),
        Condition::Credits(comparison, number) => compared(Column::Remaining, *comparison, *number),
    }
}

/// A member of the metadata as text. SQLite takes a boolean out as a number,
/// which nobody would look for: its text is the name of its type.
fn member(engine: Engine, path: &str) -> SimpleExpr {
    if engine == Engine::Postgres {
        let meta = Expr::col((key::Entity, key::Column::Meta)).cast_as("json");
        let asked = Func::cust("json_extract_path_text").arg(meta);
        let members = path.split('.').map(|member| Expr::value(member.replace('\\', "")));
        return members.fold(asked, sea_orm::sea_query::FunctionCall::arg).into();
    }
    let path = format!("$.\"{}\"", path.replace('.', "\".\"").replace('\\', ""));
    let ask = |function: &'static str| {
        let meta = Expr::col((key::Entity, key::Column::Meta));
        Expr::from(Func::cust(function).arg(meta).arg(Expr::value(path.clone())))
    };
    let is_boolean = ask("json_type").is_in(["true", "false"]);
    Expr::case(is_boolean, ask("json_type")).finally(ask("json_extract").cast_as("TEXT")).into()
}

fn of_status(cx: &OpCtx, status: Status) -> SimpleExpr {
    use key::Column;
    match status {
        Status::Enabled => Column::Enabled.eq(true),
        Status::Disabled => Column::Enabled.eq(false),
        Status::Expired => Column::ExpiresAt.lt(cx.now_ms),
        Status::Expiring => {
            Column::ExpiresAt.gte(cx.now_ms).and(Column::ExpiresAt.lt(cx.now_ms.saturating_add(DAY_MS)))
        }
        Status::Exhausted => Column::Remaining.eq(0),
    }
}

fn compared(column: key::Column, comparison: Comparison, number: i64) -> SimpleExpr {
    match comparison {
        Comparison::Is => column.eq(number),
        Comparison::Less => column.lt(number),
        Comparison::More => column.gt(number),
    }
}

/// Keys of an identity, asked for by themselves: beside their workspace SQLite
/// would rather walk that.
fn of_identity(cx: &OpCtx, external_id: &str) -> sea_orm::sea_query::SelectStatement {
    key::Entity::find()
        .select_only()
        .column(key::Column::Id)
        .filter(key::Column::IdentityId.in_subquery(identities::ids_named(&cx.workspace, external_id)))
        .into_query()
}
