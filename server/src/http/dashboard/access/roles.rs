//! Roles: the list, one of them, and the form.

use base::ids::RoleId;
use serde_json::json;
use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::key_form::Grantable;
use web::pages::parts::Named;
use web::pages::roles::{self, RoleFormView, RoleRow, RoleView, RolesView};
use web::paths::{self, QUERY};

use super::super::answer::Answer;
use super::super::clash::{clash, is_clash};
use super::super::visit::Visit;
use super::{ROWS, field_of, tally};
use base::error::{Error, Result};
use base::grants::{Operation, Target};
use base::patch::Patch;
use base::store::Page;
use domain::keys::SharedBy;
use domain::permissions::{Browse, CreateRole, Listing, Permission, RoleDetails, RoleLine, UpdateRole};

/// Permissions that a form offers as boxes; others are typed.
const BOXES: u64 = 300;

/// `GET /roles`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let sorting = visit.sorting(&["name"], "name");
    let search = visit.query().text(QUERY).to_owned();
    let of = Browse { page: visit.page(ROWS), descending: sorting.descending, search };
    let found = visit.app.permissions.browse_roles(&visit.cx, of).await?;
    let rows: Vec<_> = found.items.into_iter().map(|line| row(&visit, line)).collect();
    let filters = visit.searched("Name, description or id").await?;
    let pager = Pager { shown: rows.len() as i64, total: None, next: found.next };
    Ok(Answer::page(roles::list(&visit.shell, &RolesView { filters, rows, sorting, pager })))
}

fn row(visit: &Visit, line: RoleLine) -> RoleRow {
    RoleRow {
        id: line.role.id.into_string(),
        name: line.role.name,
        description: line.role.description.unwrap_or_default(),
        keys: tally(line.keys),
        permissions: line.permissions,
        updated: visit.maybe_stamp(line.updated_at),
    }
}

/// `GET /roles/:id`, by id or name.
pub async fn show(visit: Visit) -> Result<Answer> {
    let line = visit.app.permissions.role_line(&visit.cx, visit.id()).await?;
    let details = visit.app.permissions.get_role(&visit.cx, line.role.id.as_str()).await?;
    let (keys, more_keys) = visit.sharing(&SharedBy::Role(line.role.id.clone())).await?;
    let named = |permission: &Permission| Named::new(permission.id.as_str(), &permission.slug);
    let view = RoleView {
        role: named_role(&details),
        description: line.role.description.clone().unwrap_or_default(),
        created: Some(visit.stamp(line.created_at)),
        updated: visit.maybe_stamp(line.updated_at),
        permissions: details.permissions.iter().map(named).collect(),
        keys,
        here: visit.here(),
        more_keys,
        total_keys: tally(line.keys),
        json: as_json(&details)?,
    };
    Ok(Answer::page(roles::show(&visit.shell, &view)))
}

fn named_role(details: &RoleDetails) -> Named {
    Named::new(details.role.id.as_str(), &details.role.name)
}

/// As the API takes it.
fn as_json(details: &RoleDetails) -> Result<String> {
    let slugs: Vec<_> = details.permissions.iter().map(|permission| &permission.slug).collect();
    let role = &details.role;
    let value = json!({ "id": role.id.as_str(), "name": role.name, "description": role.description, "permissions": slugs });
    Ok(serde_json::to_string_pretty(&value)?)
}

/// `GET /roles/new`.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::RoleCreate, Target::NONE)?;
    let view = RoleFormView { permissions: grantable(&boxes(&visit).await?), ..RoleFormView::default() };
    Ok(Answer::page(roles::form(&visit.shell, &view)))
}

/// `POST /roles/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::RoleCreate, Target::NONE)?;
    let boxes = boxes(&visit).await?;
    let form = visit.form();
    let name = form.text("name").to_owned();
    let command = CreateRole {
        name: name.clone(),
        description: form.given("description").map(ToOwned::to_owned),
        permissions: slugs(&visit, &boxes),
    };
    match visit.app.permissions.create_role(&visit.cx, command).await {
        Ok(id) => Ok(Answer::go(paths::role(id.as_str())).saying(format!("Created role {name}."))),
        Err(error) => {
            let form = refused(&visit, error)?;
            let view = RoleFormView { form, permissions: grantable(&boxes), ..RoleFormView::default() };
            Ok(Answer::again(roles::form(&visit.shell, &view)))
        }
    }
}

/// `GET /roles/:id/edit`.
pub async fn edit(visit: Visit) -> Result<Answer> {
    let (details, boxes) = subject(&visit).await?;
    let form = state(&details, &boxes);
    Ok(Answer::page(page(&visit, &details, &boxes, form).await?))
}

/// `POST /roles/:id/edit`.
pub async fn save(visit: Visit) -> Result<Answer> {
    let (details, boxes) = subject(&visit).await?;
    let id = details.role.id.clone();
    let command = UpdateRole {
        role: id.to_string(),
        name: Some(visit.form().text("name").to_owned()),
        description: Patch::Set(visit.form().text("description").to_owned()),
    };
    let (slugs, made_from) = (slugs(&visit, &boxes), visit.made_from(VERSION));
    match visit.app.permissions.save_role(&visit.cx, command, slugs, made_from).await {
        Ok(role) => Ok(Answer::go(paths::role(id.as_str())).saying(format!("Saved role {}.", role.name))),
        Err(error) if is_clash(&error) => {
            let (details, boxes) = subject(&visit).await?;
            let stored = state(&details, &boxes).values;
            let typed = visit.form().state().values;
            let form = clash(typed, &stored, paths::edit_role(id.as_str()), |values| named(values, &boxes));
            Ok(Answer::conflict(page(&visit, &details, &boxes, form).await?))
        }
        Err(error) => {
            let form = refused(&visit, error)?;
            Ok(Answer::again(page(&visit, &details, &boxes, form).await?))
        }
    }
}

/// `POST /roles/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let (details, boxes) = subject(&visit).await?;
    let role = &details.role;
    if let Err(problem) = visit.confirmed(&paths::delete_role(role.id.as_str()), &role.name) {
        let form = FormState { errors: vec![problem], ..state(&details, &boxes) };
        return Ok(Answer::again(page(&visit, &details, &boxes, form).await?));
    }
    visit.app.permissions.delete_role(&visit.cx, role.id.as_str()).await?;
    Ok(Answer::go(paths::roles()).saying(format!("Deleted role {}.", role.name)))
}

/// The role to change, and the permissions that its form offers.
async fn subject(visit: &Visit) -> Result<(RoleDetails, Vec<Permission>)> {
    let details = visit.app.permissions.get_role(&visit.cx, visit.id()).await?;
    let id: &RoleId = &details.role.id;
    visit.cx.require(Operation::RoleUpdate, Target::role(id))?;
    Ok((details, boxes(visit).await?))
}

async fn page(visit: &Visit, details: &RoleDetails, boxes: &[Permission], form: FormState) -> Result<String> {
    let keys = visit.app.keys.count_sharing(&visit.cx, &SharedBy::Role(details.role.id.clone())).await?;
    let view = RoleFormView {
        role: Some(named_role(details)),
        form,
        permissions: grantable(boxes),
        keys: tally(keys),
    };
    Ok(roles::form(&visit.shell, &view))
}

/// The permissions that are offered as boxes, by slug.
async fn boxes(visit: &Visit) -> Result<Vec<Permission>> {
    let listing = Listing { page: Page { limit: BOXES, cursor: None }, search: None };
    let mut found = visit.app.permissions.list_permissions(&visit.cx, listing).await?.items;
    found.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(found)
}

fn grantable(boxes: &[Permission]) -> Vec<Grantable> {
    let one = |permission: &Permission| Grantable {
        id: permission.id.to_string(),
        label: permission.slug.clone(),
        note: permission.description.clone().unwrap_or_default(),
    };
    boxes.iter().map(one).collect()
}

/// The slugs that were ticked or typed.
fn slugs(visit: &Visit, boxes: &[Permission]) -> Vec<String> {
    let form = visit.form();
    let ticked = |permission: &&Permission| form.all("permissions").any(|id| id == permission.id.as_str());
    let ticked = boxes.iter().filter(ticked).map(|permission| permission.slug.clone());
    ticked.chain(super::permissions::lines(form.raw("slugs"))).collect()
}

/// The form of a role as it is: what has no box is in the lines.
fn state(details: &RoleDetails, boxes: &[Permission]) -> FormState {
    let is_box = |permission: &&Permission| boxes.iter().any(|offered| offered.id == permission.id);
    let (ticked, others): (Vec<_>, Vec<_>) = details.permissions.iter().partition(is_box);
    let others: Vec<_> = others.into_iter().map(|permission| permission.slug.as_str()).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut values = vec![
        pair(VERSION, details.version().as_str()),
        pair("name", &details.role.name),
        pair("description", details.role.description.as_deref().unwrap_or_default()),
        pair("slugs", &others.join("\n")),
    ];
    values.extend(ticked.into_iter().map(|permission| pair("permissions", permission.id.as_str())));
    FormState::new(values)
}

/// All permissions by their slugs, whether they have a box or not.
fn named(values: &[(String, String)], boxes: &[Permission]) -> Vec<(String, String)> {
    let slug_of = |id: &str| boxes.iter().find(|one| one.id.as_str() == id).map(|one| one.slug.clone());
    let of = |(name, value): &(String, String)| match name.as_str() {
        "slugs" => super::permissions::lines(value).map(|line| ("permissions".to_owned(), line)).collect(),
        "permissions" => vec![(name.clone(), slug_of(value).unwrap_or_else(|| value.clone()))],
        _ => vec![(name.clone(), value.clone())],
    };
    values.iter().flat_map(of).collect()
}

fn refused(visit: &Visit, error: Error) -> Result<FormState> {
    let field = match field_of(&error, &["name", "description", "slug"]) {
        "slug" => "slugs",
        field => field,
    };
    visit.refused_at(field, error)
}
