//! Keys that have something in common, by the index of what that is.

use base::ids::KeyId;
use sea_orm::{ConnectionTrait, Value};

use super::find::among;
use crate::apis::LIVE_IDS;
use crate::keys::{Key, SharedBy};
use crate::permissions::{KEYS_OF_PERMISSION, KEYS_OF_ROLE};
use base::access::OpCtx;
use base::error::Result;
use base::store::{BoundedCount, Engine, Page, Paged, statement};

/// What holds of every key that is shown; SQLite shall not walk the keys of the
/// workspace or of each API instead.
fn visible(engine: Engine) -> String {
    let [workspace, api] = ["k.workspace_id", "k.api_id"].map(|column| engine.unindexed(column));
    format!("{workspace} = $1 AND k.deleted_at IS NULL AND {api} IN {LIVE_IDS}")
}

/// From where the keys come, and by what they are in order: links have no order
/// that an index knows but that of their making.
fn source(engine: Engine, shared: &SharedBy) -> (String, &'static str, &str) {
    let in_order = engine.in_order();
    let linked = |links: &str| format!("{links} l {in_order} JOIN keys k ON k.id = l.key_id WHERE TRUE");
    match shared {
        SharedBy::Identity(id) => ("keys k WHERE k.identity_id = $2".to_owned(), "k.id", id.as_str()),
        SharedBy::Role(id) => (linked(KEYS_OF_ROLE), "l.place", id.as_str()),
        SharedBy::Permission(id) => (linked(KEYS_OF_PERMISSION), "l.place", id.as_str()),
    }
}

/// A page of visible keys, the latest first.
pub(in crate::keys) async fn page_sharing(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    shared: &SharedBy,
    page: &Page,
) -> Result<Paged<Key>> {
    let (from, place, id) = source(Engine::of(db), shared);
    let visible = visible(Engine::of(db));
    let mut values: Vec<Value> = vec![cx.workspace.as_str().into(), id.into(), page.limit.into()];
    let mut after = String::new();
    if let Some(cursor) = &page.cursor {
        after = format!("AND {place} <= $4");
        values.push(match shared {
            SharedBy::Identity(_) => cursor.as_str().into(),
            SharedBy::Role(_) | SharedBy::Permission(_) => cursor.parse::<i64>().unwrap_or_default().into(),
        });
    }
    let sql = format!(
        "SELECT k.id AS id, CAST({place} AS TEXT) AS place FROM {from} AND {visible} {after} \
         ORDER BY {place} DESC LIMIT $3 + 1"
    );
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((row.try_get::<KeyId>("", "id")?, row.try_get::<String>("", "place")?));
    }
    let found = Paged::from_rows(found, page, |(_, place)| place.as_str());
    let ids: Vec<KeyId> = found.items.into_iter().map(|(id, _)| id).collect();
    let mut items = among(db, cx, &ids).await?;
    items.sort_by_key(|key| ids.iter().position(|id| *id == key.id));
    Ok(Paged { items, next: found.next })
}

pub(in crate::keys) async fn count_sharing(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    shared: &SharedBy,
) -> Result<BoundedCount> {
    let (from, _, id) = source(Engine::of(db), shared);
    let visible = visible(Engine::of(db));
    let sql = format!("SELECT COUNT(*) AS n FROM (SELECT 1 FROM {from} AND {visible} LIMIT $3) AS found");
    let values: [Value; 3] = [cx.workspace.as_str().into(), id.into(), (BoundedCount::MOST + 1).into()];
    let row = db.query_one_raw(statement(db, sql, values)).await?;
    let counted = row.map(|row| row.try_get("", "n")).transpose()?;
    Ok(BoundedCount::of(counted.unwrap_or_default(), BoundedCount::MOST))
}
