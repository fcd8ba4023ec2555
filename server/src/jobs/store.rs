//! Rows of schedules, what the sweep removes, and times that lie ahead.

use base::ids::UserId;
use entity::{
    audit_entry, idempotency_key, invitation, key, namespace, one_time_link, portal_session,
    ratelimit_override, root_key, schedule, secret_link, session,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use base::error::Result;
use base::store::{Change, Tx};
use domain::{portals, secret_links, session as sessions, users};

/// When a job runs next, and how its last run went.
pub struct Due {
    pub pattern: String,
    pub next_run_at: i64,
    pub last_run_at: Option<i64>,
    pub last_error: Option<String>,
}

pub(super) async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Option<Due>> {
    let row = schedule::Entity::find_by_id(name).one(db).await?;
    Ok(row.map(|row| Due {
        pattern: row.pattern,
        next_run_at: row.next_run_at,
        last_run_at: row.last_run_at,
        last_error: row.last_error,
    }))
}

pub(super) async fn save(tx: &Tx, name: &str, due: &Due) -> Result<()> {
    let row = schedule::ActiveModel {
        name: Set(name.to_owned()),
        pattern: Set(due.pattern.clone()),
        next_run_at: Set(due.next_run_at),
        last_run_at: Set(due.last_run_at),
        last_error: Set(due.last_error.clone()),
    };
    let columns = [
        schedule::Column::Pattern,
        schedule::Column::NextRunAt,
        schedule::Column::LastRunAt,
        schedule::Column::LastError,
    ];
    schedule::Entity::insert(row)
        .on_conflict(OnConflict::column(schedule::Column::Name).update_columns(columns).to_owned())
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Removes up to `limit` keys deleted before `before_ms`, with what belongs to them.
pub(super) async fn remove_keys(tx: &Tx, before_ms: i64, limit: u64) -> Result<u64> {
    let ids: Vec<String> = key::Entity::find()
        .select_only()
        .column(key::Column::Id)
        .filter(key::Column::DeletedAt.lt(before_ms))
        .limit(limit)
        .into_tuple()
        .all(tx.db())
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    Ok(key::Entity::delete_many().filter(key::Column::Id.is_in(ids)).exec(tx.db()).await?.rows_affected)
}

pub(super) async fn remove_the_rest(tx: &Tx, before_ms: i64, now_ms: i64) -> Result<()> {
    let db = tx.db();
    ratelimit_override::Entity::delete_many()
        .filter(ratelimit_override::Column::DeletedAt.lt(before_ms))
        .exec(db)
        .await?;
    // Overrides go first: those of a deleted namespace were deleted with it.
    namespace::Entity::delete_many().filter(namespace::Column::DeletedAt.lt(before_ms)).exec(db).await?;
    root_key::Entity::delete_many().filter(root_key::Column::DeletedAt.lt(before_ms)).exec(db).await?;
    portal_session::Entity::delete_many()
        .filter(portal_session::Column::CodeExpiresAt.lt(before_ms))
        .exec(db)
        .await?;
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(before_ms)).exec(db).await?;
    invitation::Entity::delete_many().filter(invitation::Column::ExpiresAt.lt(before_ms)).exec(db).await?;
    secret_link::Entity::delete_many().filter(secret_link::Column::ExpiresAt.lt(now_ms)).exec(db).await?;
    one_time_link::Entity::delete_many().filter(one_time_link::Column::ExpiresAt.lt(now_ms)).exec(db).await?;
    Ok(())
}

/// The time of the audit entry that was written last.
pub(super) async fn last_entry_time(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    let time = audit_entry::Entity::find()
        .select_only()
        .column(audit_entry::Column::Time)
        .order_by_desc(Expr::cust("rowid"))
        .into_tuple()
        .one(db)
        .await?;
    Ok(time)
}

/// Brings every end that lies further ahead than its kind may last, and every
/// past time that lies ahead, down to what it may be at most; how many there were.
pub(super) async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let changed = users_ahead(tx, now_ms).await?;
    let amended = [
        at_most(tx, session::Column::ExpiresAt, now_ms + sessions::SESSION_MS).await?,
        at_most(tx, session::Column::LastSeenAt, now_ms).await?,
        at_most(tx, invitation::Column::ExpiresAt, now_ms + users::LONGEST_INVITATION_MS).await?,
        at_most(tx, one_time_link::Column::ExpiresAt, now_ms + users::SETUP_LINK_MS).await?,
        at_most(tx, secret_link::Column::ExpiresAt, now_ms + secret_links::SECRET_LINK_MS).await?,
        at_most(tx, portal_session::Column::CodeExpiresAt, now_ms + portals::CODE_MS).await?,
        at_most(tx, portal_session::Column::ExpiresAt, now_ms + portals::TOKEN_MS).await?,
        // A request that is sent again is recognised for a day from now.
        at_most(tx, idempotency_key::Column::CreatedAt, now_ms).await?,
        at_most(tx, root_key::Column::LastUsedAt, now_ms).await?,
    ];
    changed.into_iter().for_each(|user| tx.changed(Change::User(user)));
    Ok(amended.iter().sum())
}

/// Whose sessions, which are cached, end later than sessions do.
async fn users_ahead(tx: &Tx, now_ms: i64) -> Result<Vec<UserId>> {
    let users = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .distinct()
        .filter(session::Column::ExpiresAt.gt(now_ms + sessions::SESSION_MS));
    Ok(users.into_tuple().all(tx.db()).await?)
}

async fn at_most<C: ColumnTrait>(tx: &Tx, column: C, latest: i64) -> Result<u64>
where
    C::EntityName: EntityTrait<Column = C>,
{
    let update = <C::EntityName as EntityTrait>::update_many()
        .col_expr(column, Expr::value(latest))
        .filter(column.gt(latest));
    Ok(update.exec(tx.db()).await?.rows_affected)
}
