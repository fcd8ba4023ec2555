//! Rows of endpoints, deliveries and attempts.

use base::ids::{DeliveryId, WebhookId, WorkspaceId};
use entity::{webhook_attempt, webhook_delivery, webhook_endpoint};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Set,
};

use super::dispatch::Posted;
use super::endpoints::MAX_GRACE_MS;
use super::{Attempt, Delivery, DeliveryState, Endpoint, EventChoice, KEEP_COUNT, KEEP_MS, RETRY_FOR_MS};
use base::clock::DAY_MS;
use base::error::Result;
use base::store::{Page, Paged, Tx, at_most};

/// Rows per statement: well under SQLite's limit of bound values.
const CHUNK: usize = 500;

/// Attempts that are kept of a delivery: replays make more of them without end.
const KEEP_ATTEMPTS: i64 = 50;

pub(super) async fn insert(tx: &Tx, endpoint: &Endpoint, secret: Vec<u8>) -> Result<()> {
    let row = webhook_endpoint::ActiveModel {
        id: Set(endpoint.id.clone()),
        workspace_id: Set(endpoint.workspace.clone()),
        url: Set(endpoint.url.clone()),
        description: Set(endpoint.description.clone()),
        events: Set(endpoint.events.to_json().to_string()),
        enabled: Set(endpoint.enabled),
        disabled_reason: Set(None),
        failing_since: Set(None),
        secret: Set(secret),
        old_secret: Set(None),
        old_secret_ends_at: Set(None),
        created_at: Set(endpoint.created_at),
        updated_at: Set(None),
    };
    webhook_endpoint::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(super) async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<u64> {
    Ok(of_workspace(workspace).count(db).await?)
}

fn of_workspace(workspace: &WorkspaceId) -> Select<webhook_endpoint::Entity> {
    webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::WorkspaceId.eq(workspace.clone()))
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &WebhookId,
) -> Result<Option<Endpoint>> {
    let own = of_workspace(workspace).filter(webhook_endpoint::Column::Id.eq(id.clone()));
    own.one(db).await?.map(endpoint).transpose()
}

pub(super) async fn list(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    page: &Page,
) -> Result<Paged<Endpoint>> {
    use webhook_endpoint::Column;
    let mut rows = of_workspace(workspace);
    if let Some(cursor) = &page.cursor {
        rows = rows.filter(Column::Id.gte(cursor.as_str()));
    }
    let rows = rows.order_by_asc(Column::Id).limit(page.limit + 1).all(db).await?;
    let endpoints = rows.into_iter().map(endpoint).collect::<Result<Vec<_>>>()?;
    Ok(Paged::from_rows(endpoints, page, |endpoint| endpoint.id.as_str()))
}

/// What each enabled endpoint of a workspace is told of.
pub(super) async fn choices(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<(WebhookId, EventChoice)>> {
    use webhook_endpoint::Column;
    let rows: Vec<(WebhookId, String)> = of_workspace(workspace)
        .filter(Column::Enabled.eq(true))
        .select_only()
        .columns([Column::Id, Column::Events])
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter().map(|(id, events)| Ok((id, EventChoice::stored(&events)?))).collect()
}

fn endpoint(row: webhook_endpoint::Model) -> Result<Endpoint> {
    Ok(Endpoint {
        events: EventChoice::stored(&row.events)?,
        id: row.id,
        workspace: row.workspace_id,
        url: row.url,
        description: row.description,
        enabled: row.enabled,
        disabled_reason: row.disabled_reason,
        failing_since: row.failing_since,
        old_secret_ends_at: row.old_secret_ends_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

async fn set(tx: &Tx, id: &WebhookId, row: webhook_endpoint::ActiveModel) -> Result<()> {
    let own = webhook_endpoint::Column::Id.eq(id.clone());
    webhook_endpoint::Entity::update_many().set(row).filter(own).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn update(tx: &Tx, endpoint: &Endpoint) -> Result<()> {
    let row = webhook_endpoint::ActiveModel {
        url: Set(endpoint.url.clone()),
        description: Set(endpoint.description.clone()),
        events: Set(endpoint.events.to_json().to_string()),
        enabled: Set(endpoint.enabled),
        disabled_reason: Set(endpoint.disabled_reason.clone()),
        failing_since: Set(endpoint.failing_since),
        updated_at: Set(endpoint.updated_at),
        ..Default::default()
    };
    set(tx, &endpoint.id, row).await
}

pub(super) async fn disable(tx: &Tx, id: &WebhookId, reason: &str, now_ms: i64) -> Result<()> {
    let row = webhook_endpoint::ActiveModel {
        enabled: Set(false),
        disabled_reason: Set(Some(reason.to_owned())),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    set(tx, id, row).await
}

pub(super) async fn set_failing_since(tx: &Tx, id: &WebhookId, since: Option<i64>) -> Result<()> {
    let row = webhook_endpoint::ActiveModel { failing_since: Set(since), ..Default::default() };
    set(tx, id, row).await
}

/// The present secret becomes the old one, if that is to sign for a while.
pub(super) async fn replace_secret(
    tx: &Tx,
    id: &WebhookId,
    secret: Vec<u8>,
    old_secret_ends_at: Option<i64>,
) -> Result<()> {
    use webhook_endpoint::Column;
    let old = match old_secret_ends_at {
        Some(_) => Expr::col(Column::Secret),
        None => Expr::value(None::<Vec<u8>>),
    };
    webhook_endpoint::Entity::update_many()
        .col_expr(Column::OldSecret, old)
        .col_expr(Column::OldSecretEndsAt, Expr::value(old_secret_ends_at))
        .col_expr(Column::Secret, Expr::value(secret))
        .filter(Column::Id.eq(id.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The encrypted secrets that sign now, the newest first.
pub(super) async fn secrets(db: &impl ConnectionTrait, id: &WebhookId, now_ms: i64) -> Result<Vec<Vec<u8>>> {
    let Some(row) = webhook_endpoint::Entity::find_by_id(id.clone()).one(db).await? else {
        return Ok(Vec::new());
    };
    let signs_too = row.old_secret_ends_at.is_some_and(|ends_at| now_ms < ends_at);
    Ok(std::iter::once(row.secret).chain(row.old_secret.filter(|_| signs_too)).collect())
}

/// What refers to it goes with it.
pub(super) async fn remove(tx: &Tx, id: &WebhookId) -> Result<()> {
    webhook_endpoint::Entity::delete_by_id(id.clone()).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn insert_deliveries(tx: &Tx, deliveries: Vec<Delivery>) -> Result<()> {
    let rows: Vec<_> = deliveries
        .into_iter()
        .map(|delivery| webhook_delivery::ActiveModel {
            id: Set(delivery.id),
            workspace_id: Set(delivery.workspace),
            endpoint_id: Set(delivery.endpoint),
            audit_id: Set(delivery.audit),
            event: Set(delivery.event),
            created_at: Set(delivery.created_at),
            due_at: Set(delivery.due_at),
            give_up_at: Set(delivery.give_up_at),
            attempts: Set(delivery.attempts),
            failures: Set(delivery.failures),
            delivered: Set(false),
            ended_at: Set(delivery.ended_at),
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        webhook_delivery::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// Enabled endpoints for which something is due.
pub(super) async fn endpoints_with_due(db: &impl ConnectionTrait, now_ms: i64) -> Result<Vec<Endpoint>> {
    use webhook_endpoint::Column;
    let due = webhook_delivery::Entity::find()
        .select_only()
        .column(webhook_delivery::Column::Id)
        .filter(
            Expr::col((webhook_delivery::Entity, webhook_delivery::Column::EndpointId))
                .equals((webhook_endpoint::Entity, Column::Id)),
        )
        .filter(webhook_delivery::Column::DueAt.is_not_null())
        .filter(webhook_delivery::Column::DueAt.lte(now_ms));
    let rows = webhook_endpoint::Entity::find()
        .filter(Column::Enabled.eq(true))
        .filter(Expr::exists(due.into_query()))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(endpoint).collect()
}

/// Takes the first deliveries that are due, and has them be due again later.
pub(super) async fn claim(
    tx: &Tx,
    endpoint: &WebhookId,
    now_ms: i64,
    until_ms: i64,
    limit: u64,
) -> Result<Vec<Delivery>> {
    use webhook_delivery::Column;
    let rows = webhook_delivery::Entity::find()
        .filter(Column::EndpointId.eq(endpoint.clone()))
        .filter(Column::DueAt.is_not_null())
        .filter(Column::DueAt.lte(now_ms))
        .order_by_asc(Column::DueAt)
        .limit(limit)
        .all(tx.db())
        .await?;
    let ids = rows.iter().map(|row| row.id.clone());
    let row = webhook_delivery::ActiveModel { due_at: Set(Some(until_ms)), ..Default::default() };
    webhook_delivery::Entity::update_many().set(row).filter(Column::Id.is_in(ids)).exec(tx.db()).await?;
    Ok(rows.into_iter().map(delivery_of).collect())
}

pub(super) async fn delivery(
    db: &impl ConnectionTrait,
    endpoint: &WebhookId,
    id: &DeliveryId,
) -> Result<Option<Delivery>> {
    let row = webhook_delivery::Entity::find_by_id(id.clone())
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint.clone()))
        .one(db)
        .await?;
    Ok(row.map(delivery_of))
}

/// A page of deliveries, the newest first.
pub(super) async fn deliveries(
    db: &impl ConnectionTrait,
    endpoint: &WebhookId,
    state: Option<DeliveryState>,
    page: &Page,
) -> Result<Paged<Delivery>> {
    use webhook_delivery::Column;
    let mut rows = webhook_delivery::Entity::find().filter(Column::EndpointId.eq(endpoint.clone()));
    rows = match state {
        None => rows,
        Some(DeliveryState::Waiting) => rows.filter(Column::EndedAt.is_null()),
        Some(state) => rows
            .filter(Column::EndedAt.is_not_null())
            .filter(Column::Delivered.eq(state == DeliveryState::Delivered)),
    };
    if let Some(cursor) = &page.cursor {
        rows = rows.filter(Column::Id.lte(cursor.as_str()));
    }
    let rows = rows.order_by_desc(Column::Id).limit(page.limit + 1).all(db).await?;
    let found = rows.into_iter().map(delivery_of).collect();
    Ok(Paged::from_rows(found, page, |delivery: &Delivery| delivery.id.as_str()))
}

fn delivery_of(row: webhook_delivery::Model) -> Delivery {
    Delivery {
        state: match (row.ended_at, row.delivered) {
            (None, _) => DeliveryState::Waiting,
            (Some(_), true) => DeliveryState::Delivered,
            (Some(_), false) => DeliveryState::GivenUp,
        },
        id: row.id,
        workspace: row.workspace_id,
        endpoint: row.endpoint_id,
        audit: row.audit_id,
        event: row.event,
        created_at: row.created_at,
        due_at: row.due_at,
        give_up_at: row.give_up_at,
        attempts: row.attempts,
        failures: row.failures,
        ended_at: row.ended_at,
    }
}

async fn set_delivery(tx: &Tx, id: &DeliveryId, row: webhook_delivery::ActiveModel) -> Result<()> {
    let own = webhook_delivery::Column::Id.eq(id.clone());
    webhook_delivery::Entity::update_many().set(row).filter(own).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn begin_again(tx: &Tx, id: &DeliveryId, due_at: i64, give_up_at: i64) -> Result<()> {
    let row = webhook_delivery::ActiveModel {
        due_at: Set(Some(due_at)),
        give_up_at: Set(give_up_at),
        failures: Set(0),
        delivered: Set(false),
        ended_at: Set(None),
        ..Default::default()
    };
    set_delivery(tx, id, row).await
}

pub(super) async fn wait(tx: &Tx, delivery: &Delivery, due_at: i64) -> Result<()> {
    let row = webhook_delivery::ActiveModel {
        due_at: Set(Some(due_at)),
        failures: Set(delivery.failures + 1),
        ..Default::default()
    };
    set_delivery(tx, &delivery.id, row).await
}

pub(super) async fn end(tx: &Tx, delivery: &Delivery, now_ms: i64, delivered: bool) -> Result<()> {
    let row = webhook_delivery::ActiveModel {
        due_at: Set(None),
        delivered: Set(delivered),
        ended_at: Set(Some(now_ms)),
        ..Default::default()
    };
    set_delivery(tx, &delivery.id, row).await
}

/// Counts an attempt and keeps what came of it, in place of one of long ago.
pub(super) async fn note_attempt(
    tx: &Tx,
    delivery: &Delivery,
    started_at: i64,
    posted: &Posted,
) -> Result<()> {
    use webhook_attempt::Column;
    let number = delivery.attempts + 1;
    let row = webhook_attempt::ActiveModel {
        delivery_id: Set(delivery.id.clone()),
        number: Set(number),
        started_at: Set(started_at),
        duration_ms: Set(posted.duration_ms),
        status: Set(posted.status.map(i64::from)),
        failure: Set(posted.failure.clone()),
        answer: Set(posted.answer.clone()),
    };
    webhook_attempt::Entity::insert(row).exec_without_returning(tx.db()).await?;
    webhook_attempt::Entity::delete_many()
        .filter(Column::DeliveryId.eq(delivery.id.clone()))
        .filter(Column::Number.lte(number - KEEP_ATTEMPTS))
        .exec(tx.db())
        .await?;
    let row = webhook_delivery::ActiveModel { attempts: Set(number), ..Default::default() };
    set_delivery(tx, &delivery.id, row).await
}

/// The attempts that are kept of a delivery, the newest first.
pub(super) async fn attempts(db: &impl ConnectionTrait, id: &DeliveryId) -> Result<Vec<Attempt>> {
    use webhook_attempt::Column;
    let rows = webhook_attempt::Entity::find()
        .filter(Column::DeliveryId.eq(id.clone()))
        .order_by_desc(Column::Number)
        .all(db)
        .await?;
    let attempt = |row: webhook_attempt::Model| Attempt {
        number: row.number,
        started_at: row.started_at,
        duration_ms: row.duration_ms,
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        failure: row.failure,
        answer: row.answer,
    };
    Ok(rows.into_iter().map(attempt).collect())
}

/// Ends what a disabled endpoint was not sent in its time, and removes up to `limit`
/// deliveries that ended long ago, or are more of one endpoint than are kept; answers how
/// many it removed.
pub async fn sweep(tx: &Tx, now_ms: i64, limit: u64) -> Result<u64> {
    use webhook_delivery::Column;
    let over = webhook_delivery::ActiveModel {
        due_at: Set(None),
        ended_at: Set(Some(now_ms)),
        ..Default::default()
    };
    webhook_delivery::Entity::update_many()
        .set(over)
        .filter(Column::DueAt.is_not_null())
        .filter(Column::GiveUpAt.lt(now_ms - DAY_MS))
        .exec(tx.db())
        .await?;
    let old = webhook_delivery::Entity::find().filter(Column::EndedAt.lt(now_ms - KEEP_MS)).limit(limit);
    let mut removed = remove_deliveries(tx, old).await?;
    let endpoints: Vec<WebhookId> = webhook_endpoint::Entity::find()
        .select_only()
        .column(webhook_endpoint::Column::Id)
        .into_tuple()
        .all(tx.db())
        .await?;
    for endpoint in endpoints {
        let left = limit - removed;
        if left == 0 {
            break;
        }
        let too_many = webhook_delivery::Entity::find()
            .filter(Column::EndpointId.eq(endpoint))
            .filter(Column::EndedAt.is_not_null())
            .order_by_desc(Column::Id)
            .offset(KEEP_COUNT)
            .limit(left);
        removed += remove_deliveries(tx, too_many).await?;
    }
    Ok(removed)
}

async fn remove_deliveries(tx: &Tx, these: Select<webhook_delivery::Entity>) -> Result<u64> {
    let ids: Vec<DeliveryId> =
        these.select_only().column(webhook_delivery::Column::Id).into_tuple().all(tx.db()).await?;
    let removed = webhook_delivery::Entity::delete_many()
        .filter(webhook_delivery::Column::Id.is_in(ids))
        .exec(tx.db())
        .await?;
    Ok(removed.rows_affected)
}

/// Brings times that lie further ahead than they may down to what they may be at most;
/// answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    use webhook_delivery::Column;
    let amended = [
        at_most(tx, Column::DueAt, now_ms + DAY_MS).await?,
        at_most(tx, Column::GiveUpAt, now_ms + RETRY_FOR_MS).await?,
        at_most(tx, webhook_endpoint::Column::FailingSince, now_ms).await?,
        at_most(tx, webhook_endpoint::Column::OldSecretEndsAt, now_ms + MAX_GRACE_MS).await?,
    ];
    Ok(amended.iter().sum())
}
