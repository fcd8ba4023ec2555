//! Rows of users, as far as signing in needs them.

use base::ids::UserId;
use entity::user::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select, Set};

use base::error::Result;
use base::secret::KeyHash;
use base::store::Tx;

/// A user as signing in sees them.
#[derive(Clone)]
pub(crate) struct Account {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub time_zone: String,
    pub theme: String,
    pub password_hash: String,
    /// Encrypted.
    pub totp_secret: Option<Vec<u8>>,
    pub totp_last_step: Option<i64>,
}

impl Account {
    /// Names the password without telling its hash.
    pub fn binding(&self) -> String {
        KeyHash::of(&self.password_hash).to_base64()
    }
}

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            time_zone: row.time_zone,
            theme: row.theme,
            password_hash: row.password_hash,
            totp_secret: row.totp_secret,
            totp_last_step: row.totp_last_step,
        }
    }
}

fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

pub(crate) async fn account(db: &impl ConnectionTrait, id: &UserId) -> Result<Option<Account>> {
    let row = live().filter(Column::Id.eq(id.as_str())).one(db).await?;
    Ok(row.map(Account::from))
}

/// `email` is in lower case.
pub(crate) async fn account_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Account>> {
    let row = live().filter(Column::EmailFolded.eq(email)).one(db).await?;
    Ok(row.map(Account::from))
}

pub(crate) async fn set_password(tx: &Tx, user: &UserId, hash: &str, now_ms: i64) -> Result<()> {
    let row = ActiveModel {
        password_hash: Set(hash.to_owned()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(tx, user, row).await
}

/// Sets or clears the secret of the second factor, and forgets which step was
/// used last.
pub(crate) async fn set_totp(
    tx: &Tx,
    user: &UserId,
    sealed: Option<Vec<u8>>,
    last_step: Option<i64>,
) -> Result<()> {
    let row = ActiveModel { totp_secret: Set(sealed), totp_last_step: Set(last_step), ..Default::default() };
    save(tx, user, row).await
}

pub(crate) async fn set_last_step(tx: &Tx, user: &UserId, step: i64) -> Result<()> {
    save(tx, user, ActiveModel { totp_last_step: Set(Some(step)), ..Default::default() }).await
}

pub(super) async fn save(tx: &Tx, user: &UserId, row: ActiveModel) -> Result<()> {
    Entity::update_many().set(row).filter(Column::Id.eq(user.as_str())).exec(tx.db()).await?;
    Ok(())
}
