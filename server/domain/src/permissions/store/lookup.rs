//! Finding, listing, changing and removing permissions and roles.

use std::collections::HashMap;

use base::ids::{KeyId, PermissionId, RoleId, WorkspaceId};
use entity::{key_permission, key_role, permission, role, role_permission};
use sea_orm::sea_query::{ExprTrait, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};

use super::{ROLE_NAME, SLUG, permissions_of_keys, roles_of_keys};
use crate::permissions::{Permission, Role, RoleDetails, fold};
use base::error::{Code, Error, Result};
use base::store::{Engine, Page, Paged, Tx, holds};

/// The permissions given to the key itself, by slug.
pub async fn direct_of(tx: &Tx, key: &KeyId) -> Result<Vec<Permission>> {
    let rows = permissions_of_keys(tx.db(), std::slice::from_ref(key)).await?;
    Ok(rows.into_iter().map(|(_, permission)| permission).collect())
}

/// The roles of a key, by name.
pub async fn roles_of(tx: &Tx, key: &KeyId) -> Result<Vec<Role>> {
    let rows = roles_of_keys(tx.db(), std::slice::from_ref(key)).await?;
    Ok(rows.into_iter().map(|(_, role)| role).collect())
}

/// Roles with their permissions by slug, in the order given.
pub async fn with_permissions(db: &impl ConnectionTrait, roles: Vec<Role>) -> Result<Vec<RoleDetails>> {
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let to_permission = role_permission::Entity::belongs_to(permission::Entity)
        .from(role_permission::Column::PermissionId)
        .to(permission::Column::Id)
        .into();
    let rows = role_permission::Entity::find()
        .join(JoinType::InnerJoin, to_permission)
        .select_also(permission::Entity)
        .filter(role_permission::Column::RoleId.is_in(roles.iter().map(|role| role.id.clone())))
        .order_by_asc(permission::Column::Slug)
        .all(db)
        .await?;
    let mut of_role: HashMap<RoleId, Vec<Permission>> = HashMap::new();
    for (link, permission) in rows {
        of_role.entry(link.role_id).or_default().extend(permission.map(Permission::from));
    }
    let details = roles.into_iter().map(|role| {
        let permissions = of_role.remove(&role.id).unwrap_or_default();
        RoleDetails { role, permissions }
    });
    Ok(details.collect())
}

/// Exactly this text, found by the index of what is unique whatever its case.
fn spelled<C: ColumnTrait>(folded: C, column: C, text: &str) -> SimpleExpr {
    folded.eq(fold(text)).and(column.eq(text))
}

/// The permission with this id, else with this slug.
pub(in crate::permissions) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id_or_slug: &str,
) -> Result<Option<Permission>> {
    let rows = permission::Entity::find()
        .filter(permission::Column::WorkspaceId.eq(workspace.clone()))
        .filter(permission::Column::Id.eq(id_or_slug).or(spelled(
            permission::Column::SlugFolded,
            permission::Column::Slug,
            id_or_slug,
        )))
        .all(db)
        .await?;
    let found = rows.iter().position(|row| row.id.as_str() == id_or_slug).unwrap_or(0);
    Ok(rows.into_iter().nth(found).map(Permission::from))
}

/// The role with this id, else with this name.
pub(in crate::permissions) async fn find_role(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id_or_name: &str,
) -> Result<Option<Role>> {
    let rows = role::Entity::find()
        .filter(role::Column::WorkspaceId.eq(workspace.clone()))
        .filter(role::Column::Id.eq(id_or_name).or(spelled(
            role::Column::NameFolded,
            role::Column::Name,
            id_or_name,
        )))
        .all(db)
        .await?;
    let found = rows.iter().position(|row| row.id.as_str() == id_or_name).unwrap_or(0);
    Ok(rows.into_iter().nth(found).map(Role::from))
}

/// Rows of which a column holds this text, whatever its case.
fn any_holds<C: ColumnTrait>(engine: Engine, columns: &[C], text: &str) -> Condition {
    columns.iter().fold(Condition::any(), |any, column| any.add(holds(engine, *column, text)))
}

pub(in crate::permissions) async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    search: Option<&str>,
    page: &Page,
) -> Result<Paged<Permission>> {
    use permission::Column;
    let mut select = permission::Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    if let Some(text) = search {
        select = select.filter(any_holds(
            Engine::of(db),
            &[Column::Id, Column::Name, Column::Slug, Column::Description],
            text,
        ));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Id).limit(page.limit + 1).all(db).await?;
    let items = rows.into_iter().map(Permission::from).collect();
    Ok(Paged::from_rows(items, page, |permission: &Permission| permission.id.as_str()))
}

pub(in crate::permissions) async fn page_of_roles(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    search: Option<&str>,
    page: &Page,
) -> Result<Paged<Role>> {
    use role::Column;
    let mut select = role::Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    if let Some(text) = search {
        select =
            select.filter(any_holds(Engine::of(db), &[Column::Id, Column::Name, Column::Description], text));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Id).limit(page.limit + 1).all(db).await?;
    let items = rows.into_iter().map(Role::from).collect();
    Ok(Paged::from_rows(items, page, |role: &Role| role.id.as_str()))
}

/// The first permissions of a workspace. Asks for no grant.
pub(crate) async fn first(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    limit: u64,
) -> Result<Vec<Permission>> {
    Ok(page(db, workspace, None, &Page { limit, cursor: None }).await?.items)
}

/// The first roles of a workspace, with their permissions. Asks for no grant.
pub(crate) async fn first_roles(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    limit: u64,
) -> Result<Vec<RoleDetails>> {
    let roles = page_of_roles(db, workspace, None, &Page { limit, cursor: None }).await?;
    with_permissions(db, roles.items).await
}

/// Writes name, slug and description. A slug that is taken fails with
/// `permission_already_exists`.
pub(in crate::permissions) async fn save(tx: &Tx, permission: &Permission, now_ms: i64) -> Result<()> {
    let row = permission::ActiveModel {
        name: Set(permission.name.clone()),
        slug: Set(permission.slug.clone()),
        slug_folded: Set(fold(&permission.slug)),
        description: Set(permission.description.clone()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    let update = permission::Entity::update_many()
        .set(row)
        .filter(permission::Column::Id.eq(permission.id.clone()))
        .exec(tx.db());
    update.await.map_err(|error| {
        if SLUG.refused(&error) {
            let detail = format!("A permission with slug '{}' already exists.", permission.slug);
            return Error::new(Code::PermissionExists, detail);
        }
        error.into()
    })?;
    Ok(())
}

/// Writes name and description. A name that is taken fails with
/// `role_already_exists`.
pub(in crate::permissions) async fn save_role(tx: &Tx, role: &Role, now_ms: i64) -> Result<()> {
    let row = role::ActiveModel {
        name: Set(role.name.clone()),
        name_folded: Set(fold(&role.name)),
        description: Set(role.description.clone()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    let update =
        role::Entity::update_many().set(row).filter(role::Column::Id.eq(role.id.clone())).exec(tx.db());
    update.await.map_err(|error| {
        if ROLE_NAME.refused(&error) {
            return Error::new(Code::RoleExists, format!("A role with name '{}' already exists.", role.name));
        }
        error.into()
    })?;
    Ok(())
}

/// Removes a permission with its links to keys and roles.
pub(in crate::permissions) async fn remove(tx: &Tx, id: &PermissionId) -> Result<()> {
    let db = tx.db();
    key_permission::Entity::delete_many()
        .filter(key_permission::Column::PermissionId.eq(id.clone()))
        .exec(db)
        .await?;
    role_permission::Entity::delete_many()
        .filter(role_permission::Column::PermissionId.eq(id.clone()))
        .exec(db)
        .await?;
    permission::Entity::delete_by_id(id.clone()).exec(db).await?;
    Ok(())
}

/// Removes a role with its links to keys and permissions.
pub(in crate::permissions) async fn remove_role(tx: &Tx, id: &RoleId) -> Result<()> {
    let db = tx.db();
    key_role::Entity::delete_many().filter(key_role::Column::RoleId.eq(id.clone())).exec(db).await?;
    unlink_role(tx, id).await?;
    role::Entity::delete_by_id(id.clone()).exec(db).await?;
    Ok(())
}

/// Takes every permission from a role.
pub(in crate::permissions) async fn unlink_role(tx: &Tx, id: &RoleId) -> Result<()> {
    role_permission::Entity::delete_many()
        .filter(role_permission::Column::RoleId.eq(id.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Ids of the keys with a role of this name, as a part of a query.
pub(crate) fn keys_with_role(workspace: &WorkspaceId, name: &str) -> SelectStatement {
    let roles = role::Entity::find()
        .select_only()
        .column(role::Column::Id)
        .filter(role::Column::WorkspaceId.eq(workspace.clone()))
        .filter(role::Column::NameFolded.eq(name.to_lowercase()));
    key_role::Entity::find()
        .select_only()
        .column(key_role::Column::KeyId)
        .filter(key_role::Column::RoleId.in_subquery(roles.into_query()))
        .into_query()
}

/// Ids of the keys that hold the permission of this slug themselves, as a part of a
/// query; those of roles are found by role.
pub(crate) fn keys_with_permission(workspace: &WorkspaceId, slug: &str) -> SelectStatement {
    let permissions = permission::Entity::find()
        .select_only()
        .column(permission::Column::Id)
        .filter(permission::Column::WorkspaceId.eq(workspace.clone()))
        .filter(permission::Column::SlugFolded.eq(slug.to_lowercase()));
    key_permission::Entity::find()
        .select_only()
        .column(key_permission::Column::KeyId)
        .filter(key_permission::Column::PermissionId.in_subquery(permissions.into_query()))
        .into_query()
}

/// The keys with the role bound to `$2`, each at its `place`, as a table of a
/// statement.
pub(crate) const KEYS_OF_ROLE: &str = "(SELECT seq AS place, key_id FROM keys_roles WHERE role_id = $2)";

/// As [`KEYS_OF_ROLE`], of keys that hold a permission themselves.
pub(crate) const KEYS_OF_PERMISSION: &str =
    "(SELECT seq AS place, key_id FROM keys_permissions WHERE permission_id = $2)";
