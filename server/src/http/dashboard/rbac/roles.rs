//! Roles: the list, one of them, and the form.

use base::ids::RoleId;
use serde_json::json;
use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::key_form::Grantable;
use web::pages::parts::Named;
use web::pages::roles::{self, RoleFormView, RoleRow, RoleView, RolesView};
use web::paths::{self, QUERY};
use web::texts::roles as text;

use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::edit_conflict::{conflict_form, is_edit_conflict};
use crate::http::dashboard::form_errors::field_of;
use crate::http::dashboard::lists::{chosen_sorting, related_keys, search_filters, tally};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Error, Field, Result};
use base::patch::Patch;
use base::store::Page;
use domain::keys::SharedBy;
use domain::permissions::{Browse, CreateRole, Listing, Permission, RoleDetails, RoleLine, UpdateRole};

/// Permissions that a form offers as boxes; others are typed.
const BOXES: u64 = 300;

/// `GET /roles`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let sorting = chosen_sorting(&request, &["name"], "name");
    let search = request.query().text(QUERY).to_owned();
    let of = Browse { page: request.page(), descending: sorting.descending, search };
    let found = request.app.permissions.browse_roles(&request.cx, of).await?;
    let rows: Vec<_> = found.items.into_iter().map(|line| row(&request, line)).collect();
    let filters = search_filters(&request, text::SEARCH_HINT).await?;
    let pager = Pager { shown: rows.len() as i64, total: None, next: found.next, rows: Some(request.rows()) };
    Ok(Reply::page(roles::list(&request.shell, &RolesView { filters, rows, sorting, pager })))
}

fn row(request: &MemberRequest, line: RoleLine) -> RoleRow {
    RoleRow {
        id: line.role.id.into_string(),
        name: line.role.name,
        description: line.role.description.unwrap_or_default(),
        keys: tally(line.keys),
        permissions: line.permissions,
        updated: request.maybe_stamp(line.updated_at),
    }
}

/// `GET /roles/:id`, by id or name.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let line = request.app.permissions.role_line(&request.cx, request.id()).await?;
    let details = request.app.permissions.get_role(&request.cx, line.role.id.as_str()).await?;
    let (keys, more_keys) = related_keys(&request, &SharedBy::Role(line.role.id.clone())).await?;
    let named = |permission: &Permission| Named::new(permission.id.as_str(), &permission.slug);
    let view = RoleView {
        role: named_role(&details),
        description: line.role.description.clone().unwrap_or_default(),
        created: Some(request.stamp(line.created_at)),
        updated: request.maybe_stamp(line.updated_at),
        permissions: details.permissions.iter().map(named).collect(),
        keys,
        here: request.here(),
        more_keys,
        total_keys: tally(line.keys),
        json: as_json(&details)?,
    };
    Ok(Reply::page(roles::show(&request.shell, &view)))
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
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RoleCreate, Target::NONE)?;
    let view = RoleFormView { permissions: grantable(&boxes(&request).await?), ..RoleFormView::default() };
    Ok(Reply::page(roles::form(&request.shell, &view)))
}

/// `POST /roles/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RoleCreate, Target::NONE)?;
    let boxes = boxes(&request).await?;
    let form = request.form();
    let name = form.text("name").to_owned();
    let command = CreateRole {
        name: name.clone(),
        description: form.given("description").map(ToOwned::to_owned),
        permissions: slugs(&request, &boxes),
    };
    match request.app.permissions.create_role(&request.cx, command).await {
        Ok(id) => Ok(Reply::redirect(paths::role(id.as_str())).notice(text::created_role(&name))),
        Err(error) => {
            let form = refused(&request, error)?;
            let view = RoleFormView { form, permissions: grantable(&boxes), ..RoleFormView::default() };
            Ok(Reply::form_again(roles::form(&request.shell, &view)))
        }
    }
}

/// `GET /roles/:id/edit`.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let (details, boxes) = subject(&request).await?;
    let form = state(&details, &boxes);
    Ok(Reply::page(page(&request, &details, &boxes, form).await?))
}

/// `POST /roles/:id/edit`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let (details, boxes) = subject(&request).await?;
    let id = details.role.id.clone();
    let command = UpdateRole {
        role: id.to_string(),
        name: Some(request.form().text("name").to_owned()),
        description: Patch::Set(request.form().text("description").to_owned()),
    };
    let (slugs, made_from) = (slugs(&request, &boxes), request.made_from(VERSION));
    match request.app.permissions.save_role(&request.cx, command, slugs, made_from).await {
        Ok(role) => Ok(Reply::redirect(paths::role(id.as_str())).notice(text::saved_role(&role.name))),
        Err(error) if is_edit_conflict(&error) => conflict(&request).await,
        Err(error) => {
            let form = refused(&request, error)?;
            Ok(Reply::form_again(page(&request, &details, &boxes, form).await?))
        }
    }
}

/// The form beside what is stored by now.
async fn conflict(request: &MemberRequest) -> Result<Reply> {
    let (details, boxes) = subject(request).await?;
    let (stored, typed) = (state(&details, &boxes).values, request.form().state().values);
    let reload = paths::edit_role(details.role.id.as_str());
    let form = conflict_form(typed, &stored, reload, |values| named(values, &boxes));
    Ok(Reply::conflict(page(request, &details, &boxes, form).await?))
}

/// `POST /roles/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let (details, boxes) = subject(&request).await?;
    let role = &details.role;
    if let Err(problem) = confirmed(&request, &paths::delete_role(role.id.as_str()), &role.name) {
        let form = FormState { errors: vec![problem], ..state(&details, &boxes) };
        return Ok(Reply::form_again(page(&request, &details, &boxes, form).await?));
    }
    request.app.permissions.delete_role(&request.cx, role.id.as_str()).await?;
    Ok(Reply::redirect(paths::roles()).notice(text::deleted_role(&role.name)))
}

/// The role to change, and the permissions that its form offers.
async fn subject(request: &MemberRequest) -> Result<(RoleDetails, Vec<Permission>)> {
    let details = request.app.permissions.get_role(&request.cx, request.id()).await?;
    let id: &RoleId = &details.role.id;
    request.cx.require(Operation::RoleUpdate, Target::role(id))?;
    Ok((details, boxes(request).await?))
}

async fn page(
    request: &MemberRequest,
    details: &RoleDetails,
    boxes: &[Permission],
    form: FormState,
) -> Result<String> {
    let keys = request.app.keys.count_sharing(&request.cx, &SharedBy::Role(details.role.id.clone())).await?;
    let view = RoleFormView {
        role: Some(named_role(details)),
        form,
        permissions: grantable(boxes),
        keys: tally(keys),
    };
    Ok(roles::form(&request.shell, &view))
}

/// The permissions that are offered as boxes, by slug.
async fn boxes(request: &MemberRequest) -> Result<Vec<Permission>> {
    let listing = Listing { page: Page { limit: BOXES, cursor: None }, search: None };
    let mut found = request.app.permissions.list_permissions(&request.cx, listing).await?.items;
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
fn slugs(request: &MemberRequest, boxes: &[Permission]) -> Vec<String> {
    let form = request.form();
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

fn refused(request: &MemberRequest, error: Error) -> Result<FormState> {
    let fields = [
        (Field::Name, "name"),
        (Field::Description, "description"),
        (Field::Slug, "slugs"),
        (Field::Permissions, "slugs"),
    ];
    request.refused_at(field_of(&error, &fields), error)
}
