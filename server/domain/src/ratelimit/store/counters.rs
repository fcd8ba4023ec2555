//! Rows of rate-limit counters in events.db.

use entity::limiter_counter::{self, Column};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::ratelimit::limiter::{Check, CounterRow, Scope};
use crate::ratelimit::window::Window;
use base::clock::STANDSTILL_MS;
use base::error::Result;
use base::store::Database;

/// Nine values per row, well under SQLite's limit.
pub(in crate::ratelimit) const COUNTERS_PER_STATEMENT: usize = 500;

const fn scope_number(scope: Scope) -> i64 {
    match scope {
        Scope::Key => 0,
        Scope::Identity => 1,
        Scope::Namespace => 2,
        Scope::Workspace => 3,
        Scope::RootKey => 4,
        Scope::Address => 5,
        Scope::Account => 6,
    }
}

const fn scope_of(number: i64) -> Scope {
    match number {
        0 => Scope::Key,
        1 => Scope::Identity,
        3 => Scope::Workspace,
        4 => Scope::RootKey,
        5 => Scope::Address,
        6 => Scope::Account,
        _ => Scope::Namespace,
    }
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Writes counters over what is stored of them, in one transaction.
pub(in crate::ratelimit) async fn save_counters(database: &Database, rows: &[CounterRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let tx = database.begin().await?;
    for chunk in rows.chunks(COUNTERS_PER_STATEMENT) {
        let models = chunk.iter().map(|row| limiter_counter::ActiveModel {
            workspace_id: Set(row.workspace.clone()),
            scope: Set(scope_number(row.scope)),
            subject: Set(row.subject.clone()),
            name: Set(row.name.clone()),
            duration_ms: Set(stored(row.duration_ms)),
            window_index: Set(row.window.index),
            current_count: Set(stored(row.window.current)),
            previous_count: Set(stored(row.window.previous)),
            dead_at: Set(row.dead_at_ms()),
        });
        let names = [Column::WorkspaceId, Column::Scope, Column::Subject, Column::Name, Column::DurationMs];
        let counts = [Column::WindowIndex, Column::CurrentCount, Column::PreviousCount, Column::DeadAt];
        limiter_counter::Entity::insert_many(models)
            .on_conflict(OnConflict::columns(names).update_columns(counts).to_owned())
            .exec_without_returning(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(in crate::ratelimit) async fn delete_dead_counters(db: &impl ConnectionTrait, now_ms: i64) -> Result<()> {
    limiter_counter::Entity::delete_many().filter(Column::DeadAt.lte(now_ms)).exec(db).await?;
    Ok(())
}

/// Which counters are asked for.
#[derive(Clone, Copy)]
pub(in crate::ratelimit) enum Which {
    All,
    /// Those of windows that are ahead of now, see [`Window::is_ahead`].
    Ahead {
        now_ms: i64,
    },
}

impl Which {
    fn condition(self) -> Condition {
        match self {
            Which::All => Condition::all(),
            // A counter is dead two windows after the begin of its own.
            Which::Ahead { now_ms } => {
                let two_windows = Expr::col(Column::DurationMs).mul(2);
                let latest = two_windows.add(now_ms.saturating_add(STANDSTILL_MS));
                Condition::all().add(Expr::col(Column::DeadAt).gt(latest))
            }
        }
    }
}

/// Up to `limit` of those counters after `cursor`, in the order of their names.
pub(in crate::ratelimit) async fn counters_after(
    db: &impl ConnectionTrait,
    which: Which,
    cursor: Option<&CounterRow>,
    limit: usize,
) -> Result<Vec<CounterRow>> {
    let mut query = limiter_counter::Entity::find().filter(which.condition());
    if let Some(row) = cursor {
        query = query.filter(after(row));
    }
    let rows = query
        .order_by_asc(Column::WorkspaceId)
        .order_by_asc(Column::Scope)
        .order_by_asc(Column::Subject)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::DurationMs)
        .limit(limit as u64)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(CounterRow::from).collect())
}

/// `(workspace, scope, subject, name, duration) > row`, spelled out for portability.
fn after(row: &CounterRow) -> Condition {
    let workspace = || Column::WorkspaceId.eq(&*row.workspace);
    let scope = || Column::Scope.eq(scope_number(row.scope));
    let subject = || Column::Subject.eq(&*row.subject);
    let name = || Column::Name.eq(&*row.name);
    Condition::any()
        .add(Column::WorkspaceId.gt(&*row.workspace))
        .add(Condition::all().add(workspace()).add(Column::Scope.gt(scope_number(row.scope))))
        .add(Condition::all().add(workspace()).add(scope()).add(Column::Subject.gt(&*row.subject)))
        .add(Condition::all().add(workspace()).add(scope()).add(subject()).add(Column::Name.gt(&*row.name)))
        .add(
            Condition::all()
                .add(workspace())
                .add(scope())
                .add(subject())
                .add(name())
                .add(Column::DurationMs.gt(stored(row.duration_ms))),
        )
}

/// What is stored of the counter a check names.
pub(in crate::ratelimit) async fn counter(
    db: &impl ConnectionTrait,
    check: &Check<'_>,
) -> Result<Option<CounterRow>> {
    let row = limiter_counter::Entity::find()
        .filter(Column::WorkspaceId.eq(check.workspace))
        .filter(Column::Scope.eq(scope_number(check.scope)))
        .filter(Column::Subject.eq(check.subject))
        .filter(Column::Name.eq(check.name))
        .filter(Column::DurationMs.eq(stored(check.duration_ms)))
        .one(db)
        .await?;
    Ok(row.map(CounterRow::from))
}

impl From<limiter_counter::Model> for CounterRow {
    fn from(row: limiter_counter::Model) -> Self {
        Self {
            workspace: row.workspace_id,
            scope: scope_of(row.scope),
            subject: row.subject,
            name: row.name,
            duration_ms: row.duration_ms.unsigned_abs(),
            window: Window {
                index: row.window_index,
                current: row.current_count.unsigned_abs(),
                previous: row.previous_count.unsigned_abs(),
            },
        }
    }
}
