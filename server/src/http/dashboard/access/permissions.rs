//! Permissions: the list, making several at once, and one with what carries it.

use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::parts::Named;
use web::pages::permissions::{self, PermissionFormView, PermissionRow, PermissionsView};
use web::paths::{self, QUERY};

use super::super::answer::Answer;
use super::super::clash::is_clash;
use super::super::visit::Visit;
use super::{ROWS, field_of, tally};
use base::error::Result;
use base::grants::{Operation, Target};
use base::patch::Patch;
use domain::keys::SharedBy;
use domain::permissions::{Browse, CreatePermission, Permission, PermissionLine, UpdatePermission};

/// `GET /permissions`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let sorting = visit.sorting(&["slug"], "slug");
    let search = visit.query().text(QUERY).to_owned();
    let of = Browse { page: visit.page(ROWS), descending: sorting.descending, search };
    let found = visit.app.permissions.browse_permissions(&visit.cx, of).await?;
    let rows: Vec<_> = found.items.into_iter().map(|line| row(&visit, line)).collect();
    let filters = visit.searched("Slug, name, description or id").await?;
    let pager = Pager { shown: rows.len() as i64, total: None, next: found.next };
    Ok(Answer::page(permissions::list(&visit.shell, &PermissionsView { filters, rows, sorting, pager })))
}

fn row(visit: &Visit, line: PermissionLine) -> PermissionRow {
    PermissionRow {
        id: line.permission.id.into_string(),
        slug: line.permission.slug,
        name: line.permission.name,
        description: line.permission.description.unwrap_or_default(),
        roles: line.roles,
        keys: tally(line.keys),
        updated: visit.maybe_stamp(line.updated_at),
    }
}

/// `GET /permissions/new`.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::PermissionCreate, Target::NONE)?;
    Ok(Answer::page(permissions::form(&visit.shell, &PermissionFormView::default())))
}

/// `POST /permissions/new`: one for each line.
pub async fn create(visit: Visit) -> Result<Answer> {
    let description = visit.form().given("description");
    let command = |slug: String| CreatePermission {
        name: slug.clone(),
        slug,
        description: description.map(ToOwned::to_owned),
    };
    let commands = lines(visit.form().raw("slugs")).map(command).collect();
    match visit.app.permissions.create_permissions(&visit.cx, commands).await {
        Ok(made) => {
            let text = match made.as_slice() {
                [one] => format!("Created permission {}.", one.slug),
                many => format!("Created {} permissions.", many.len()),
            };
            Ok(Answer::go(paths::permissions()).saying(text))
        }
        Err(error) => {
            let field = match field_of(&error, &["description", "slug"]) {
                "description" => "description",
                _ => "slugs",
            };
            let view =
                PermissionFormView { form: visit.refused_at(field, error)?, ..PermissionFormView::default() };
            Ok(Answer::again(permissions::form(&visit.shell, &view)))
        }
    }
}

/// What stands on the lines of a field.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned)
}

/// `GET /permissions/:id/edit`, which whoever may not write is shown, too.
pub async fn edit(visit: Visit) -> Result<Answer> {
    let line = visit.app.permissions.permission_line(&visit.cx, visit.id()).await?;
    let form = state(&line.permission);
    Ok(Answer::page(page(&visit, &line, form).await?))
}

/// `POST /permissions/:id/edit`.
pub async fn save(visit: Visit) -> Result<Answer> {
    let line = visit.app.permissions.permission_line(&visit.cx, visit.id()).await?;
    let form = visit.form();
    let command = UpdatePermission {
        permission: line.permission.id.to_string(),
        name: Some(form.text("name").to_owned()),
        slug: Some(form.text("slug").to_owned()),
        description: Patch::Set(form.text("description").to_owned()),
        made_from: Some(visit.made_from(VERSION)),
    };
    match visit.app.permissions.update_permission(&visit.cx, command).await {
        Ok(saved) => Ok(Answer::go(paths::permissions()).saying(format!("Saved permission {}.", saved.slug))),
        Err(error) if is_clash(&error) => {
            let line = visit.app.permissions.permission_line(&visit.cx, visit.id()).await?;
            let reload = paths::edit_permission(line.permission.id.as_str());
            let form = visit.clash(&state(&line.permission).values, reload);
            Ok(Answer::conflict(page(&visit, &line, form).await?))
        }
        Err(error) => {
            let form = visit.refused_at(field_of(&error, &["name", "slug", "description"]), error)?;
            Ok(Answer::again(page(&visit, &line, form).await?))
        }
    }
}

/// `POST /permissions/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::PermissionDelete, Target::NONE)?;
    let line = visit.app.permissions.permission_line(&visit.cx, visit.id()).await?;
    let Permission { id, slug, .. } = &line.permission;
    if let Err(problem) = visit.confirmed(&paths::delete_permission(id.as_str()), slug) {
        let form = FormState { errors: vec![problem], ..state(&line.permission) };
        return Ok(Answer::again(page(&visit, &line, form).await?));
    }
    visit.app.permissions.delete_permission(&visit.cx, id.as_str()).await?;
    Ok(Answer::go(paths::permissions()).saying(format!("Deleted permission {slug}.")))
}

async fn page(visit: &Visit, line: &PermissionLine, form: FormState) -> Result<String> {
    let id = &line.permission.id;
    let roles = visit.app.permissions.roles_granting(&visit.cx, id).await?;
    let (keys, more_keys) = visit.sharing(&SharedBy::Permission(id.clone())).await?;
    let here = web::paths::Here::new(paths::edit_permission(id.as_str()), visit.query().pairs().to_vec());
    let view = PermissionFormView {
        permission: Some(Named::new(id.as_str(), &line.permission.slug)),
        form,
        roles: roles.iter().map(|role| Named::new(role.id.as_str(), &role.name)).collect(),
        keys,
        here: Some(here),
        more_keys,
        total_keys: tally(line.keys),
    };
    Ok(permissions::form(&visit.shell, &view))
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
