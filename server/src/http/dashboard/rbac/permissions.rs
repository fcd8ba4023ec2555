//! Permissions: the list, making several at once, and one with what carries it.

use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::parts::Named;
use web::pages::permissions::{self, PermissionFormView, PermissionRow, PermissionsView};
use web::paths::{self, QUERY};
use web::texts::permissions as text;

use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::lists::{chosen_sorting, related_keys, search_filters, tally};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Field, Result};
use base::patch::Patch;
use domain::keys::SharedBy;
use domain::permissions::{Browse, CreatePermission, Permission, PermissionLine, UpdatePermission};

/// `GET /permissions`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let sorting = chosen_sorting(&request, &["slug"], "slug");
    let search = request.query().text(QUERY).to_owned();
    let of = Browse { page: request.page(), descending: sorting.descending, search };
    let found = request.app.permissions.browse_permissions(&request.cx, of).await?;
    let rows: Vec<_> = found.items.into_iter().map(|line| row(&request, line)).collect();
    let filters = search_filters(&request, text::SEARCH_HINT).await?;
    let pager = Pager { shown: rows.len() as i64, total: None, next: found.next, rows: Some(request.rows()) };
    Ok(Reply::page(permissions::list(&request.shell, &PermissionsView { filters, rows, sorting, pager })))
}

fn row(request: &MemberRequest, line: PermissionLine) -> PermissionRow {
    PermissionRow {
        id: line.permission.id.into_string(),
        slug: line.permission.slug,
        name: line.permission.name,
        description: line.permission.description.unwrap_or_default(),
        roles: line.roles,
        keys: tally(line.keys),
        updated: request.maybe_stamp(line.updated_at),
    }
}

/// `GET /permissions/new`.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::PermissionCreate, Target::NONE)?;
    Ok(Reply::page(permissions::form(&request.shell, &PermissionFormView::default())))
}

const FIELDS: &FieldNames =
    &[(Field::Name, "name"), (Field::Slug, "slug"), (Field::Description, "description")];

/// `POST /permissions/new`: one for each line.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let description = request.form().given("description");
    let command = |slug: String| CreatePermission {
        name: slug.clone(),
        slug,
        description: description.map(ToOwned::to_owned),
    };
    let commands = lines(request.form().raw("slugs")).map(command).collect();
    match request.app.permissions.create_permissions(&request.cx, commands).await {
        Ok(made) => Ok(Reply::redirect(paths::permissions()).notice(created(&made))),
        Err(error) => {
            // Each line is name and slug at once; what else is wrong is wrong with them.
            let field = match error.field() {
                Some(Field::Description) => "description",
                _ => "slugs",
            };
            let form = request.refused_at(field, error)?;
            let view = PermissionFormView { form, ..PermissionFormView::default() };
            Ok(Reply::form_again(permissions::form(&request.shell, &view)))
        }
    }
}

fn created(made: &[Permission]) -> String {
    match made {
        [one] => text::created_permission(&one.slug),
        many => text::created_permissions(many.len()),
    }
}

/// What stands on the lines of a field.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned)
}

/// `GET /permissions/:id/edit`, which whoever may not write is shown, too.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let line = request.app.permissions.permission_line(&request.cx, request.id()).await?;
    let form = state(&line.permission);
    Ok(Reply::page(page(&request, &line, form).await?))
}

/// `POST /permissions/:id/edit`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let line = request.app.permissions.permission_line(&request.cx, request.id()).await?;
    let form = request.form();
    let command = UpdatePermission {
        permission: line.permission.id.to_string(),
        name: Some(form.text("name").to_owned()),
        slug: Some(form.text("slug").to_owned()),
        description: Patch::Set(form.text("description").to_owned()),
        made_from: Some(request.made_from(VERSION)),
    };
    match request.app.permissions.update_permission(&request.cx, command).await {
        Ok(saved) => Ok(Reply::redirect(paths::permissions()).notice(text::saved_permission(&saved.slug))),
        Err(error) if is_edit_conflict(&error) => conflict(&request).await,
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page(&request, &line, form).await?))
        }
    }
}

/// The form beside what is stored by now.
async fn conflict(request: &MemberRequest) -> Result<Reply> {
    let line = request.app.permissions.permission_line(&request.cx, request.id()).await?;
    let reload = paths::edit_permission(line.permission.id.as_str());
    let form = sent_beside_stored(request, &state(&line.permission).values, reload);
    Ok(Reply::conflict(page(request, &line, form).await?))
}

/// `POST /permissions/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::PermissionDelete, Target::NONE)?;
    let line = request.app.permissions.permission_line(&request.cx, request.id()).await?;
    let Permission { id, slug, .. } = &line.permission;
    if let Err(problem) = confirmed(&request, &paths::delete_permission(id.as_str()), slug) {
        let form = FormState { errors: vec![problem], ..state(&line.permission) };
        return Ok(Reply::form_again(page(&request, &line, form).await?));
    }
    request.app.permissions.delete_permission(&request.cx, id.as_str()).await?;
    Ok(Reply::redirect(paths::permissions()).notice(text::deleted_permission(slug)))
}

async fn page(request: &MemberRequest, line: &PermissionLine, form: FormState) -> Result<String> {
    let id = &line.permission.id;
    let roles = request.app.permissions.roles_granting(&request.cx, id).await?;
    let (keys, more_keys) = related_keys(request, &SharedBy::Permission(id.clone())).await?;
    let here = web::paths::Here::new(paths::edit_permission(id.as_str()), request.query().pairs().to_vec());
    let view = PermissionFormView {
        permission: Some(Named::new(id.as_str(), &line.permission.slug)),
        form,
        roles: roles.iter().map(|role| Named::new(role.id.as_str(), &role.name)).collect(),
        keys,
        here: Some(here),
        more_keys,
        total_keys: tally(line.keys),
    };
    Ok(permissions::form(&request.shell, &view))
}

fn state(permission: &Permission) -> FormState {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    FormState::new(vec![
        pair(VERSION, permission.version().as_str()),
        pair("name", &permission.name),
        pair("slug", &permission.slug),
        pair("description", permission.description.as_deref().unwrap_or_default()),
    ])
}
