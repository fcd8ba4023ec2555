//! Rows of single values.

use entity::setting::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, Set};

use crate::error::Result;
use crate::store::Tx;
use crate::store::copies::DatabaseCopy;

/// The value of this name.
pub async fn get(db: &impl ConnectionTrait, name: &str) -> Result<Option<String>> {
    Ok(Entity::find_by_id(name).one(db).await?.map(|row| row.value))
}

/// The value of this name in a copy of `app.db`.
pub fn get_of_copy(copy: &DatabaseCopy, name: &str) -> Result<Option<String>> {
    // Bytes, so that no name can end the text that it stands in.
    let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let found = copy.texts(&format!("SELECT value FROM settings WHERE CAST(name AS BLOB) = x'{name}'"))?;
    Ok(found.into_iter().next())
}

/// Remembers a value, whatever it was before.
pub async fn set(tx: &Tx, name: &str, value: &str, now_ms: i64) -> Result<()> {
    let row =
        ActiveModel { name: Set(name.to_owned()), value: Set(value.to_owned()), updated_at: Set(now_ms) };
    let rewrite =
        OnConflict::column(Column::Name).update_columns([Column::Value, Column::UpdatedAt]).to_owned();
    Entity::insert(row).on_conflict(rewrite).exec_without_returning(tx.db()).await?;
    Ok(())
}
