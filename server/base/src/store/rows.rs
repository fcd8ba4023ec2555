//! Rows of one database put into another of the same schema, page by page.
//!
//! What is there already stays as it is: a row with the same key, and one with a name
//! that only one may have.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use super::{Reader, Tx};
use crate::error::{Error, Result};

/// Rows that are read, and put in, at once: others get their turn in between, and their
/// values are fewer than a statement of SQLite may have.
pub const PAGE_ROWS: u64 = 200;

/// Rows that were read at once, and where the next ones begin, if there may be any.
pub struct Batch<M> {
    pub rows: Vec<M>,
    pub next: Option<String>,
}

/// Why nothing comes from a backup that was perhaps written by hand: leaving a part of it out
/// could leave out what protects.
pub fn damaged(what: impl std::fmt::Display) -> Error {
    Error::invalid(format!("The backup is damaged, or was changed by hand: {what}."))
}

/// The next rows in the order of `id`, from the one behind `after` on.
///
/// Fails for an id that this program does not make: ids go into addresses and queries.
pub async fn page<E: EntityTrait>(
    from: &Reader,
    rows: Select<E>,
    id: E::Column,
    after: &str,
) -> Result<Batch<E::Model>> {
    let rows = rows.filter(id.gt(after)).order_by_asc(id).limit(PAGE_ROWS).all(from).await?;
    let mut last = None;
    for row in &rows {
        last = match row.get(id) {
            sea_orm::Value::String(Some(text)) if is_id(&text) => Some(text),
            _ => return Err(damaged("an id in it is none that a server makes")),
        };
    }
    Ok(Batch { next: last.filter(|_| rows.len() as u64 == PAGE_ROWS), rows })
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Whether a column of metadata holds what this program puts there: an object, or nothing.
pub fn is_object(meta: Option<&str>) -> bool {
    meta.is_none_or(|meta| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(meta).is_ok())
}

/// Puts rows in where nothing is in their place.
pub async fn put<E, A>(tx: &Tx, rows: Vec<E::Model>) -> Result<()>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    for chunk in rows.chunks(PAGE_ROWS as usize) {
        let rows = chunk.iter().cloned().map(IntoActiveModel::into_active_model);
        // Whatever it is that is taken: the library would name the primary key.
        let insert = E::insert_many(rows).on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// Puts a page in as it is, and says where the next one begins, if there may be one.
pub async fn copy<E, A>(
    tx: &Tx,
    from: &Reader,
    rows: Select<E>,
    id: E::Column,
    after: &str,
) -> Result<Option<String>>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let Batch { rows, next } = page(from, rows, id, after).await?;
    put::<E, A>(tx, rows).await?;
    Ok(next)
}

/// Removes rows, so many at most, and says whether there may be more. `id` names one row.
pub async fn remove<E: EntityTrait>(tx: &Tx, rows: Select<E>, id: E::Column) -> Result<bool> {
    let ids: Vec<String> = rows.select_only().column(id).limit(PAGE_ROWS).into_tuple().all(tx.db()).await?;
    let is_full = ids.len() as u64 == PAGE_ROWS;
    E::delete_many().filter(id.is_in(ids)).exec(tx.db()).await?;
    Ok(is_full)
}
