//! Rows of schedules.

use entity::schedule::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, Set};

use super::JobSchedule;
use crate::error::Result;
use crate::store::Tx;

/// What is remembered of this job; nothing before its first run.
pub async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Option<JobSchedule>> {
    let row = Entity::find_by_id(name).one(db).await?;
    Ok(row.map(|row| JobSchedule {
        pattern: row.pattern,
        next_run_at: row.next_run_at,
        last_run_at: row.last_run_at,
        last_error: row.last_error,
    }))
}

/// Remembers this of a job, whatever it was before.
pub async fn save(tx: &Tx, name: &str, schedule: &JobSchedule) -> Result<()> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        pattern: Set(schedule.pattern.clone()),
        next_run_at: Set(schedule.next_run_at),
        last_run_at: Set(schedule.last_run_at),
        last_error: Set(schedule.last_error.clone()),
    };
    let columns = [Column::Pattern, Column::NextRunAt, Column::LastRunAt, Column::LastError];
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).update_columns(columns).to_owned())
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
