//! Live rows of everything that can be found, by id or page by page.
//!
//! Only the columns that are shown or searched: never a hash, never a secret.

use std::collections::HashMap;

use base::ids::IdentityId;
use entity::{api, identity, key, namespace, permission, ratelimit_override, role, root_key};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::Value;

use super::{Entity, EntityKind};
use crate::search::audit::leaves;
use base::error::Result;

/// Bytes of metadata that are searched.
const MAX_META: usize = 4096;

/// Which rows of a table.
enum Rows<'a> {
    Of(&'a [String]),
    /// After this id, so many.
    After(&'a str, u64),
}

impl Rows<'_> {
    fn of<E: EntityTrait>(&self, select: Select<E>, id: E::Column) -> Select<E> {
        match self {
            Rows::Of(ids) => select.filter(id.is_in(ids.iter().map(String::as_str))),
            Rows::After(after, limit) => select.filter(id.gt(*after)).order_by_asc(id).limit(*limit),
        }
    }
}

/// The live rows of a kind with these ids.
pub async fn load(db: &impl ConnectionTrait, kind: EntityKind, ids: &[String]) -> Result<Vec<Entity>> {
    read(db, kind, Rows::Of(ids)).await
}

/// Up to `limit` live rows of a kind after an id, by id.
pub async fn page(
    db: &impl ConnectionTrait,
    kind: EntityKind,
    after: &str,
    limit: u64,
) -> Result<Vec<Entity>> {
    read(db, kind, Rows::After(after, limit)).await
}

/// Ids of the keys of an identity, page by page.
pub async fn keys_of_identity(
    db: &impl ConnectionTrait,
    id: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<String>> {
    let keys = key::Entity::find().select_only().column(key::Column::Id);
    let keys = keys.filter(key::Column::IdentityId.eq(id)).filter(key::Column::DeletedAt.is_null());
    let page = Rows::After(after, limit).of(keys, key::Column::Id);
    Ok(page.into_tuple().all(db).await?)
}

/// As [`keys_of_identity`], of the overrides of a namespace.
pub async fn overrides_of_namespace(
    db: &impl ConnectionTrait,
    id: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<String>> {
    use ratelimit_override::Column;
    let rows = ratelimit_override::Entity::find().select_only().column(Column::Id);
    let rows = rows.filter(Column::NamespaceId.eq(id));
    Ok(Rows::After(after, limit).of(rows, Column::Id).into_tuple().all(db).await?)
}

async fn read(db: &impl ConnectionTrait, kind: EntityKind, rows: Rows<'_>) -> Result<Vec<Entity>> {
    match kind {
        EntityKind::Key => keys(db, rows).await,
        EntityKind::RootKey => root_keys(db, rows).await,
        EntityKind::Identity => identities(db, rows).await,
        EntityKind::Api => apis(db, rows).await,
        EntityKind::Role => roles(db, rows).await,
        EntityKind::Permission => permissions(db, rows).await,
        EntityKind::Namespace => namespaces(db, rows).await,
        EntityKind::Override => overrides(db, rows).await,
    }
}

type KeyRow =
    (String, String, String, String, String, Option<String>, Option<String>, Option<String>, Option<String>);

async fn keys(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use key::Column;
    let columns = [
        Column::Id,
        Column::WorkspaceId,
        Column::ApiId,
        Column::Start,
        Column::Last4,
        Column::Name,
        Column::OwnerId,
        Column::Meta,
        Column::IdentityId,
    ];
    let live = key::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<KeyRow> = rows.of(live, Column::Id).into_tuple().all(db).await?;
    let identities = found.iter().filter_map(|row| row.8.as_deref()).map(IdentityId::from);
    let owners = external_ids(db, identities.collect()).await?;
    let entity = |row: KeyRow| {
        let (id, workspace, api, start, last4, name, owner, meta, identity) = row;
        let mut texts = meta_texts(meta.as_deref());
        texts.extend(owner);
        texts.extend(identity.and_then(|identity| owners.get(&identity).cloned()));
        Entity {
            detail: key_detail(&start, &last4),
            workspace,
            id,
            parent: Some(api),
            name: name.unwrap_or_default(),
            start,
            last4,
            texts,
        }
    };
    Ok(found.into_iter().map(entity).collect())
}

/// The external ids of those identities that are alive.
async fn external_ids(
    db: &impl ConnectionTrait,
    mut ids: Vec<IdentityId>,
) -> Result<HashMap<String, String>> {
    use identity::Column;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(String, String)> = identity::Entity::find()
        .select_only()
        .columns([Column::Id, Column::ExternalId])
        .filter(Column::Id.is_in(ids))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

async fn root_keys(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use root_key::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::Start, Column::Last4, Column::Name];
    let live = root_key::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<(String, String, String, String, Option<String>)> =
        rows.of(live, Column::Id).into_tuple().all(db).await?;
    let entity =
        |(id, workspace, start, last4, name): (String, String, String, String, Option<String>)| Entity {
            detail: key_detail(&start, &last4),
            name: name.unwrap_or_default(),
            workspace,
            id,
            start,
            last4,
            ..Entity::default()
        };
    Ok(found.into_iter().map(entity).collect())
}

async fn identities(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use identity::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::ExternalId, Column::Meta];
    let live = identity::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<(String, String, String, Option<String>)> =
        rows.of(live, Column::Id).into_tuple().all(db).await?;
    let entity = |(id, workspace, external_id, meta): (String, String, String, Option<String>)| Entity {
        workspace,
        id,
        name: external_id,
        texts: meta_texts(meta.as_deref()),
        ..Entity::default()
    };
    Ok(found.into_iter().map(entity).collect())
}

async fn apis(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use api::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::KeyspaceId];
    let live = api::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<(String, String, String, String)> = rows.of(live, Column::Id).into_tuple().all(db).await?;
    let entity = |(id, workspace, name, keyspace): (String, String, String, String)| Entity {
        workspace,
        id,
        name,
        texts: vec![keyspace],
        ..Entity::default()
    };
    Ok(found.into_iter().map(entity).collect())
}

type Described = (String, String, String, Option<String>);

async fn roles(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use role::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::Description];
    let all = role::Entity::find().select_only().columns(columns);
    let found: Vec<Described> = rows.of(all, Column::Id).into_tuple().all(db).await?;
    let entity = |(id, workspace, name, description): Described| Entity {
        workspace,
        id,
        name,
        texts: description.into_iter().collect(),
        ..Entity::default()
    };
    Ok(found.into_iter().map(entity).collect())
}

async fn permissions(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use permission::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::Slug, Column::Description];
    let all = permission::Entity::find().select_only().columns(columns);
    let found: Vec<(String, String, String, String, Option<String>)> =
        rows.of(all, Column::Id).into_tuple().all(db).await?;
    let entity =
        |(id, workspace, name, slug, description): (String, String, String, String, Option<String>)| {
            let texts = description.into_iter().chain([slug.clone()]).collect();
            Entity { workspace, id, name, detail: slug, texts, ..Entity::default() }
        };
    Ok(found.into_iter().map(entity).collect())
}

async fn namespaces(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use namespace::Column;
    let columns = [Column::Id, Column::WorkspaceId, Column::Name];
    let live = namespace::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<(String, String, String)> = rows.of(live, Column::Id).into_tuple().all(db).await?;
    let entity = |(id, workspace, name)| Entity { workspace, id, name, ..Entity::default() };
    Ok(found.into_iter().map(entity).collect())
}

async fn overrides(db: &impl ConnectionTrait, rows: Rows<'_>) -> Result<Vec<Entity>> {
    use ratelimit_override::Column;
    let columns =
        [Column::Id, Column::WorkspaceId, Column::NamespaceId, Column::Identifier, Column::MaxCount];
    let live =
        ratelimit_override::Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
    let found: Vec<(String, String, String, String, i64)> =
        rows.of(live, Column::Id).into_tuple().all(db).await?;
    let entity =
        |(id, workspace, namespace, identifier, limit): (String, String, String, String, i64)| Entity {
            workspace,
            id,
            parent: Some(namespace),
            name: identifier,
            detail: limit.to_string(),
            ..Entity::default()
        };
    Ok(found.into_iter().map(entity).collect())
}

/// How lists show a key whose plaintext nobody has.
fn key_detail(start: &str, last4: &str) -> String {
    if last4.is_empty() { start.to_owned() } else { format!("{start}...{last4}") }
}

/// The values of metadata, up to a bound.
fn meta_texts(meta: Option<&str>) -> Vec<String> {
    let meta = meta.and_then(|meta| serde_json::from_str::<Value>(meta).ok());
    let mut left = MAX_META;
    let mut texts = Vec::new();
    for text in meta.iter().flat_map(leaves) {
        let Some(rest) = left.checked_sub(text.len()) else { break };
        left = rest;
        texts.push(text);
    }
    texts
}
