//! Rows of jobs and of their rows.

use base::ids::{BulkJobId, KeyId, SessionId, UserId, WorkspaceId};
use entity::{bulk_job, bulk_row};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use super::{Job, RowResult, RowState, Selection, StartJob, State, Work};
use base::access::{OpCtx, Principal};
use base::error::{Error, Result};
use base::store::{Page, Paged, Tx};

/// Types of actors, as rows keep them.
const OPERATOR: &str = "cli";
const PERSON: &str = "user";

/// Rows per statement.
const CHUNK: usize = 500;

/// A job to be carried on.
pub(super) struct Open {
    pub id: BulkJobId,
    pub workspace: WorkspaceId,
    pub work: Work,
    /// While its keys are being found.
    pub selection: Option<Selected>,
    pub starter: Starter,
    pub total: i64,
    pub created_at: i64,
}

/// Who started a job.
pub(super) enum Starter {
    Operator,
    Person { user: UserId, session: SessionId },
}

/// A filter, and how far its keys were found.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Selected {
    pub api: Option<String>,
    pub filter: String,
    pub cursor: Option<String>,
}

/// A row whose turn has come.
pub(super) struct Waiting {
    pub position: i64,
    pub subject: String,
    pub payload: Option<String>,
}

/// A job with its rows, or with the filter that finds them.
pub(super) async fn start(tx: &Tx, cx: &OpCtx, id: &BulkJobId, command: &StartJob) -> Result<()> {
    match &command.selection {
        Selection::Matching { api, filter } => {
            let api = api.as_ref().map(ToString::to_string);
            let selected = Selected { api, filter: filter.clone(), cursor: None };
            insert(tx, cx, id, &command.work, State::Collecting, Some(&selected)).await
        }
        Selection::Keys(ids) => {
            insert(tx, cx, id, &command.work, State::Running, None).await?;
            let rows = ids.iter().map(|key| (key.to_string(), None)).collect();
            let total = add_rows(tx, id, 0, rows).await?;
            set_total(tx, id, total).await
        }
    }
}

/// A job that has no rows so far.
pub(super) async fn insert(
    tx: &Tx,
    cx: &OpCtx,
    id: &BulkJobId,
    work: &Work,
    state: State,
    selection: Option<&Selected>,
) -> Result<()> {
    let job = bulk_job::ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        work: Set(serde_json::to_string(work)?),
        selection: Set(selection.map(serde_json::to_string).transpose()?),
        actor_type: Set(actor_type(cx)?.to_owned()),
        actor_id: Set(cx.principal.id().to_owned()),
        session_id: Set(cx.principal.user().map(|user| user.session.to_string())),
        state: Set(state.as_str().to_owned()),
        total: Set(0),
        done: Set(0),
        failed: Set(0),
        error: Set(None),
        created_at: Set(cx.now_ms),
        finished_at: Set(None),
        seq: Set(last_seq(tx).await? + 1),
    };
    bulk_job::Entity::insert(job).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// The place of the job that was started last; 0 before the first.
async fn last_seq(tx: &Tx) -> Result<i64> {
    let last: Option<i64> = bulk_job::Entity::find()
        .select_only()
        .column(bulk_job::Column::Seq)
        .order_by_desc(bulk_job::Column::Seq)
        .into_tuple()
        .one(tx.db())
        .await?;
    Ok(last.unwrap_or_default())
}

pub(super) async fn set_total(tx: &Tx, id: &BulkJobId, total: i64) -> Result<()> {
    save_open(tx, id, bulk_job::ActiveModel { total: Set(total), ..Default::default() }).await
}

/// Who may start jobs: people and the operator.
fn actor_type(cx: &OpCtx) -> Result<&'static str> {
    match &cx.principal {
        Principal::Cli => Ok(OPERATOR),
        Principal::User(_) => Ok(PERSON),
        _ => Err(Error::invalid("Jobs over many rows are started in the dashboard or on the command line.")),
    }
}

/// Adds rows from a position on; answers the position after the last.
pub(super) async fn add_rows(
    tx: &Tx,
    id: &BulkJobId,
    from: i64,
    rows: Vec<(String, Option<String>)>,
) -> Result<i64> {
    let end = from + rows.len() as i64;
    let mut rows = (from..).zip(rows).map(|(position, (subject, payload))| bulk_row::ActiveModel {
        job_id: Set(id.clone()),
        position: Set(position),
        subject: Set(subject),
        payload: Set(payload),
        state: Set(RowState::Waiting.as_str().to_owned()),
        message: Set(None),
    });
    loop {
        let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(end);
        }
        bulk_row::Entity::insert_many(chunk).exec_without_returning(tx.db()).await?;
    }
}

/// Makes the rows that one job did the rows of another.
pub(super) async fn copy_done(tx: &Tx, from: &BulkJobId, to: &BulkJobId) -> Result<()> {
    use bulk_row::Column;
    let done = Query::select()
        .expr(Expr::value(to.as_str()))
        .columns([Column::Position, Column::Subject])
        .expr(Expr::value(RowState::Waiting.as_str()))
        .from(bulk_row::Entity)
        .and_where(Column::JobId.eq(from.clone()))
        .and_where(Column::State.eq(RowState::Done.as_str()))
        .to_owned();
    let columns = [Column::JobId, Column::Position, Column::Subject, Column::State];
    let mut insert = Query::insert();
    insert.into_table(bulk_row::Entity).columns(columns).select_from(done).map_err(Error::internal)?;
    let copied = tx.db().execute(&insert).await?.rows_affected();
    let total = i64::try_from(copied).map_err(Error::internal)?;
    set_total(tx, to, total).await
}

/// Adds keys that were found; without a rest the job begins to run.
pub(super) async fn add_keys(tx: &Tx, job: &Open, keys: &[KeyId], rest: Option<&Selected>) -> Result<()> {
    add_rows(tx, &job.id, job.total, keys.iter().map(|key| (key.to_string(), None)).collect()).await?;
    let state = if rest.is_some() { State::Collecting } else { State::Running };
    let row = bulk_job::ActiveModel {
        selection: Set(rest.map(serde_json::to_string).transpose()?),
        state: Set(state.as_str().to_owned()),
        total: Set(job.total + keys.len() as i64),
        ..Default::default()
    };
    save_open(tx, &job.id, row).await
}

/// Notes how rows went.
pub(super) async fn note(tx: &Tx, id: &BulkJobId, results: &[RowResult]) -> Result<()> {
    for result in results {
        let row = bulk_row::ActiveModel {
            state: Set(result.outcome.as_str().to_owned()),
            message: Set(result.message.clone()),
            payload: Set(None),
            ..Default::default()
        };
        bulk_row::Entity::update_many()
            .set(row)
            .filter(bulk_row::Column::JobId.eq(id.clone()))
            .filter(bulk_row::Column::Position.eq(result.position))
            .exec(tx.db())
            .await?;
    }
    let count = |state| results.iter().filter(|result| result.outcome == state).count() as i64;
    bulk_job::Entity::update_many()
        .col_expr(bulk_job::Column::Done, Expr::col(bulk_job::Column::Done).add(count(RowState::Done)))
        .col_expr(bulk_job::Column::Failed, Expr::col(bulk_job::Column::Failed).add(count(RowState::Failed)))
        .filter(bulk_job::Column::Id.eq(id.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}

pub(super) async fn finish(
    tx: &Tx,
    id: &BulkJobId,
    state: State,
    error: Option<String>,
    now_ms: i64,
) -> Result<()> {
    let row = bulk_job::ActiveModel {
        state: Set(state.as_str().to_owned()),
        error: Set(error),
        finished_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save_open(tx, id, row).await
}

/// A job that is over changes no more.
async fn save_open(tx: &Tx, id: &BulkJobId, row: bulk_job::ActiveModel) -> Result<()> {
    bulk_job::Entity::update_many()
        .set(row)
        .filter(bulk_job::Column::Id.eq(id.clone()))
        .filter(bulk_job::Column::FinishedAt.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The job whose turn it is. What was stored of it may be from another version
/// that this one cannot read: then there is its id, for it to be ended.
pub(super) async fn oldest_open(db: &impl ConnectionTrait) -> Result<Option<(BulkJobId, Result<Open>)>> {
    let row = bulk_job::Entity::find()
        .filter(bulk_job::Column::FinishedAt.is_null())
        .order_by_asc(bulk_job::Column::Seq)
        .one(db)
        .await?;
    Ok(row.map(|row| (row.id.clone(), open(row))))
}

fn open(row: bulk_job::Model) -> Result<Open> {
    Ok(Open {
        work: serde_json::from_str(&row.work)?,
        selection: row.selection.as_deref().map(serde_json::from_str).transpose()?,
        starter: match (row.actor_type.as_str(), row.session_id) {
            (OPERATOR, _) => Starter::Operator,
            (PERSON, Some(session)) => {
                Starter::Person { user: UserId::from(row.actor_id), session: SessionId::from(session) }
            }
            (other, _) => return Err(Error::internal(format!("no job is carried out for a '{other}'"))),
        },
        id: row.id,
        workspace: row.workspace_id,
        total: row.total,
        created_at: row.created_at,
    })
}

/// Whether a job still is to be carried on.
pub(super) async fn is_open(db: &impl ConnectionTrait, id: &BulkJobId) -> Result<bool> {
    let open = bulk_job::Entity::find_by_id(id.clone()).filter(bulk_job::Column::FinishedAt.is_null());
    Ok(open.one(db).await?.is_some())
}

pub(super) async fn waiting(db: &impl ConnectionTrait, id: &BulkJobId, limit: u64) -> Result<Vec<Waiting>> {
    let rows = bulk_row::Entity::find()
        .filter(bulk_row::Column::JobId.eq(id.clone()))
        .filter(bulk_row::Column::State.eq(RowState::Waiting.as_str()))
        .order_by_asc(bulk_row::Column::Position)
        .limit(limit)
        .all(db)
        .await?;
    let waiting =
        |row: bulk_row::Model| Waiting { position: row.position, subject: row.subject, payload: row.payload };
    Ok(rows.into_iter().map(waiting).collect())
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &BulkJobId,
) -> Result<Option<Job>> {
    let row = bulk_job::Entity::find_by_id(id.clone())
        .filter(bulk_job::Column::WorkspaceId.eq(workspace.clone()))
        .one(db)
        .await?;
    row.map(job).transpose()
}

/// The jobs of a workspace, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    page: &Page,
) -> Result<Paged<Job>> {
    let mut select = bulk_job::Entity::find().filter(bulk_job::Column::WorkspaceId.eq(workspace.clone()));
    if let Some(cursor) = &page.cursor {
        let first = bulk_job::Entity::find_by_id(BulkJobId::from(cursor.as_str()))
            .filter(bulk_job::Column::WorkspaceId.eq(workspace.clone()))
            .one(db)
            .await?
            .ok_or_else(|| Error::invalid("The cursor names no job. Begin again without one."))?;
        select = select.filter(bulk_job::Column::Seq.lte(first.seq));
    }
    let rows = select.order_by_desc(bulk_job::Column::Seq).limit(page.limit + 1).all(db).await?;
    let jobs = rows.into_iter().map(job).collect::<Result<Vec<_>>>()?;
    Ok(Paged::from_rows(jobs, page, |job| job.id.as_str()))
}

/// Rows of a job by position; the cursor is the position of the next.
pub(super) async fn rows(
    db: &impl ConnectionTrait,
    id: &BulkJobId,
    failed_only: bool,
    page: &Page,
) -> Result<Paged<RowResult>> {
    let from: i64 = page.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let mut select = bulk_row::Entity::find()
        .filter(bulk_row::Column::JobId.eq(id.clone()))
        .filter(bulk_row::Column::Position.gte(from));
    if failed_only {
        select = select.filter(bulk_row::Column::State.eq(RowState::Failed.as_str()));
    }
    let rows = select.order_by_asc(bulk_row::Column::Position).limit(page.limit + 1).all(db).await?;
    let result = |row: bulk_row::Model| RowResult {
        position: row.position,
        subject: row.subject,
        outcome: RowState::parse(&row.state),
        message: row.message,
    };
    let mut items: Vec<RowResult> = rows.into_iter().map(result).collect();
    let limit = usize::try_from(page.limit).map_err(Error::internal)?;
    let next = items.get(limit).map(|row| row.position.to_string());
    items.truncate(limit);
    Ok(Paged { items, next })
}

fn job(row: bulk_job::Model) -> Result<Job> {
    Ok(Job {
        work: serde_json::from_str(&row.work)?,
        id: row.id,
        state: State::parse(&row.state),
        total: row.total,
        done: row.done,
        failed: row.failed,
        error: row.error,
        actor_id: row.actor_id,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}
