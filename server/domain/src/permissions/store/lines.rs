//! Rows of lists: permissions and roles with what carries them counted, in one
//! statement. Keys are counted up to a bound.

use base::ids::{PermissionId, RoleId, WorkspaceId};
use entity::{role, role_permission};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Value,
};

use crate::apis::LIVE_IDS;
use crate::permissions::overview::{Browse, PermissionLine, RoleLine};
use crate::permissions::{Permission, Role, fold};
use base::error::Result;
use base::store::{BoundedCount, Engine, Paged, holds_sql, statement};

/// What holds of every key that is counted. Keys are counted here, in the statement
/// of the page, because asking their room would be a question for each row.
fn visible(engine: Engine) -> String {
    let api = engine.unindexed("k.api_id");
    format!("k.deleted_at IS NULL AND {api} IN {LIVE_IDS} LIMIT $2")
}

/// Roles shown of a permission.
const ROLES: u64 = 100;

#[derive(FromQueryResult)]
struct PermissionRow {
    id: PermissionId,
    name: String,
    slug: String,
    description: Option<String>,
    created_at: i64,
    updated_at: Option<i64>,
    roles: i64,
    keys: i64,
}

#[derive(FromQueryResult)]
struct RoleRow {
    id: RoleId,
    name: String,
    description: Option<String>,
    created_at: i64,
    updated_at: Option<i64>,
    permissions: i64,
    keys: i64,
}

impl PermissionRow {
    fn line(self, most: i64) -> PermissionLine {
        let Self { id, name, slug, description, created_at, updated_at, roles, keys } = self;
        let permission = Permission { id, name, slug, description };
        PermissionLine { permission, created_at, updated_at, roles, keys: BoundedCount::of(keys, most) }
    }
}

impl RoleRow {
    fn line(self, most: i64) -> RoleLine {
        let Self { id, name, description, created_at, updated_at, permissions, keys } = self;
        let role = Role { id, name, description };
        RoleLine { role, created_at, updated_at, permissions, keys: BoundedCount::of(keys, most) }
    }
}

fn permissions(engine: Engine) -> String {
    let (visible, in_order) = (visible(engine), engine.in_order());
    format!(
        "SELECT p.id, p.name, p.slug, p.description, p.created_at, p.updated_at, \
         (SELECT COUNT(*) FROM roles_permissions l WHERE l.permission_id = p.id) AS roles, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM keys_permissions l {in_order} JOIN keys k ON k.id = l.key_id \
           WHERE l.permission_id = p.id AND {visible}) AS found) AS keys \
         FROM permissions p WHERE p.workspace_id = $1"
    )
}

fn roles(engine: Engine) -> String {
    let (visible, in_order) = (visible(engine), engine.in_order());
    format!(
        "SELECT r.id, r.name, r.description, r.created_at, r.updated_at, \
         (SELECT COUNT(*) FROM roles_permissions l WHERE l.role_id = r.id) AS permissions, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM keys_roles l {in_order} JOIN keys k ON k.id = l.key_id \
           WHERE l.role_id = r.id AND {visible}) AS found) AS keys \
         FROM roles r WHERE r.workspace_id = $1"
    )
}

pub(in crate::permissions) async fn permission_lines(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    of: &Browse,
) -> Result<Paged<PermissionLine>> {
    let columns = ["p.id", "p.name", "p.slug", "p.description"];
    let (rest, values) = choice(Engine::of(db), workspace, of, &columns, "p.slug_folded");
    let rows = PermissionRow::find_by_statement(statement(db, permissions(Engine::of(db)) + &rest, values))
        .all(db)
        .await?;
    let found = rows.into_iter().map(|row| row.line(BoundedCount::IN_LISTS));
    let found = found.map(|line| (fold(&line.permission.slug), line));
    Ok(page_of(found.collect(), of))
}

pub(in crate::permissions) async fn role_lines(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    of: &Browse,
) -> Result<Paged<RoleLine>> {
    let (rest, values) =
        choice(Engine::of(db), workspace, of, &["r.id", "r.name", "r.description"], "r.name_folded");
    let rows =
        RoleRow::find_by_statement(statement(db, roles(Engine::of(db)) + &rest, values)).all(db).await?;
    let found = rows.into_iter().map(|row| row.line(BoundedCount::IN_LISTS));
    let found = found.map(|line| (fold(&line.role.name), line));
    Ok(page_of(found.collect(), of))
}

pub(in crate::permissions) async fn permission_line(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &PermissionId,
) -> Result<Option<PermissionLine>> {
    let values = vec![workspace.as_str().into(), (BoundedCount::MOST + 1).into(), id.as_str().into()];
    let statement = statement(db, permissions(Engine::of(db)) + " AND p.id = $3", values);
    Ok(PermissionRow::find_by_statement(statement).one(db).await?.map(|row| row.line(BoundedCount::MOST)))
}

pub(in crate::permissions) async fn role_line(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &RoleId,
) -> Result<Option<RoleLine>> {
    let values = vec![workspace.as_str().into(), (BoundedCount::MOST + 1).into(), id.as_str().into()];
    let statement = statement(db, roles(Engine::of(db)) + " AND r.id = $3", values);
    Ok(RoleRow::find_by_statement(statement).one(db).await?.map(|row| row.line(BoundedCount::MOST)))
}

pub(in crate::permissions) async fn roles_granting(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    permission: &PermissionId,
) -> Result<Vec<Role>> {
    let links = role_permission::Entity::find()
        .select_only()
        .column(role_permission::Column::RoleId)
        .filter(role_permission::Column::PermissionId.eq(permission.clone()));
    let rows = role::Entity::find()
        .filter(role::Column::WorkspaceId.eq(workspace.clone()))
        .filter(role::Column::Id.in_subquery(links.into_query()))
        .order_by_asc(role::Column::NameFolded)
        .limit(ROLES)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Role::from).collect())
}

/// The conditions of a page and what is bound: workspace, bound of counts, limit,
/// text, cursor.
fn choice(
    engine: Engine,
    workspace: &WorkspaceId,
    of: &Browse,
    columns: &[&str],
    by: &str,
) -> (String, Vec<Value>) {
    let text = of.search.trim();
    let (holds, sought) = holds_sql(engine, columns, text, "$4");
    let mut values: Vec<Value> = vec![
        workspace.as_str().into(),
        (BoundedCount::IN_LISTS + 1).into(),
        of.page.limit.into(),
        sought.into(),
        of.page.cursor.clone().unwrap_or_default().into(),
    ];
    let mut sql = String::new();
    if !text.is_empty() {
        sql = format!(" AND ({holds})");
    }
    let (comparison, direction) = if of.descending { ("<=", "DESC") } else { (">=", "ASC") };
    if of.page.cursor.is_some() {
        sql += &format!(" AND {by} {comparison} $5");
    } else {
        values.truncate(4);
    }
    sql += &format!(" ORDER BY {by} {direction} LIMIT $3 + 1");
    (sql, values)
}

fn page_of<T>(found: Vec<(String, T)>, of: &Browse) -> Paged<T> {
    Paged::from_rows(found, &of.page, |(place, _)| place).map(|(_, line)| line)
}
