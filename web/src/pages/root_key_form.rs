//! Making and changing a root key: permissions as a tree, workspace-wide first,
//! then by API and namespace.

use leptos::prelude::*;

use super::key_form::{befores, expiry};
use super::parts::Named;
use crate::View;
use crate::components::{
    Danger, Field, action, area, button_link, check, danger_zone, fieldset, form_error, hidden, input,
    post_form, pressed_by_enter, select, submit,
};
use crate::form::{FormState, MORE, NONCE, VERSION};
use crate::paths::{self, Href};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, root_key_form as text};

/// A permission that can be given to a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantOption {
    /// Posted value: `api.*.create_key`.
    pub permission: String,
    /// `Create keys`.
    pub label: String,
}

/// Permissions on one kind of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantGroup {
    /// `Keys`, `Rate limits`.
    pub title: String,
    pub options: Vec<GrantOption>,
}

/// A scope: the workspace, or one API or namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantScope {
    /// `Whole workspace`, `payments`.
    pub title: String,
    /// Id of the API or namespace; empty for the workspace.
    pub id: String,
    pub groups: Vec<GrantGroup>,
}

/// A set of permissions for a common purpose, as a link that fills the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTemplate {
    pub name: String,
    pub about: String,
    /// Query parameter `template` of the form.
    pub code: String,
}

/// An API or a namespace that the field of a task suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantPlace {
    /// Its name, or its id where that is not one's alone or a field would change it.
    pub value: String,
    pub about: String,
}

/// Posts to [`paths::new_root_key`] or [`paths::edit_root_key`]: `nonce` (of a
/// new one), `name`, `full`, `task` (a template's code) and `task_of` (one of the places;
/// of the workspace without), [`MORE`] to tick the boxes of the task and show the form
/// again, `permissions`* (tuples or URNs), `other` (further permissions, one a line),
/// `expires` and `expires_at` as of a key,
/// `ip_allowlist` (one a line), `limit_per_minute`. The danger zone posts to
/// [`paths::delete_root_key`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyFormView {
    /// `None` for a new one.
    pub key: Option<Named>,
    pub nonce: String,
    pub form: FormState,
    pub scopes: Vec<GrantScope>,
    pub templates: Vec<GrantTemplate>,
    pub places: Vec<GrantPlace>,
    pub zone: String,
}

pub fn form(shell: &Shell, view: &RootKeyFormView) -> String {
    let (title, post, back, button) = match &view.key {
        Some(key) => (
            text::EDIT_ROOT_KEY,
            paths::edit_root_key(&key.id),
            paths::root_key(&key.id),
            common::SAVE_CHANGES,
        ),
        None => (common::NEW_ROOT_KEY, paths::new_root_key(), paths::root_keys(), text::CREATE_ROOT_KEY),
    };
    let consequence =
        if view.key.is_some() { text::TAKES_EFFECT_WITH_NEXT_CALL } else { text::SECRET_IS_SHOWN_ONCE };
    let form = &view.form;
    let name = Field::text("name", common::NAME).help(text::NAME_HINT).autofocus().no_autofill();
    let fields = vec![
        match view.key {
            Some(_) => hidden(VERSION, &form.value(VERSION)),
            None => hidden(NONCE, &view.nonce),
        },
        befores(form, &["expires_at"]),
        pressed_by_enter(),
        form_error(form),
        fieldset(common::GENERAL, "", vec![input(form, name)]),
        fieldset(
            common::PERMISSIONS,
            text::PERMISSIONS_HINT,
            permissions(form, &view.scopes, by_task(form, &view.templates, &view.places)),
        ),
        fieldset(common::EXPIRY, text::EXPIRY_HINT, expiry(form, &view.zone)),
        fieldset(common::BOUNDS, common::BOUNDS_HINT, bounds(form)),
        action(consequence, vec![submit(button, "primary"), button_link(None, common::CANCEL, &back, "")]),
    ];
    let page = Page::new(shell, Section::RootKeys, title)
        .crumb(Crumb::new(common::ROOT_KEYS, paths::root_keys()))
        .narrow();
    let form_view = post_form(shell.csrf(), &post, "form sections", fields);
    let Some(key) = &view.key else {
        return page.body(vec![templates(&view.templates, &paths::new_root_key()), form_view]);
    };
    let delete = Danger {
        title: text::DELETE_THIS_ROOT_KEY,
        consequence: text::DELETE_CONSEQUENCE.to_owned(),
        button: text::DELETE_ROOT_KEY,
        action: paths::delete_root_key(&key.id),
        confirm: Some(&key.name),
        locked: None,
    };
    let danger = view! { <div id="danger">{danger_zone(shell.csrf(), vec![delete], form)}</div> };
    page.crumb(Crumb::new(&key.name, back)).body(vec![form_view, danger.into_any()])
}

/// Links to the form at `of` with its boxes ticked.
fn templates(templates: &[GrantTemplate], of: &Href) -> View {
    let links = templates.iter().map(|template| {
        let href = of.clone().with("template", &template.code);
        view! {
            <li>
                <a class="template" href=href.to_string()>
                    <b>{template.name.clone()}</b>
                    <span class="hint">{template.about.clone()}</span>
                </a>
            </li>
        }
        .into_any()
    });
    view! { <ul class="templates" aria-label=common::TEMPLATES>{links.collect_view()}</ul> }.into_any()
}

/// What Enter in a field presses where saving gives something away: it shows the rights.
pub(super) fn shown_by_enter() -> View {
    view! {
        <button type="submit" class="sr" name=MORE value="rights" formnovalidate tabindex="-1" aria-hidden="true">
            {text::SHOW_THE_RIGHTS}
        </button>
    }
    .into_any()
}

/// Rights by what they are for, of the workspace or of one place.
pub(super) fn by_task(form: &FormState, templates: &[GrantTemplate], places: &[GrantPlace]) -> View {
    let tasks = templates.iter().map(|template| (template.code.as_str(), template.name.as_str()));
    let tasks: Vec<_> = std::iter::once(("", common::CHOOSE)).chain(tasks).collect();
    let place = Field::text("task_of", text::TASK_OF)
        .help(text::TASK_OF_HINT)
        .no_autofill()
        .suggestions("task-places");
    let places = places.iter().map(|place| {
        view! { <option value=place.value.clone()>{place.about.clone()}</option> }
    });
    view! {
        <div class="task">
            {select(form, "task", text::TASK, text::TASK_HINT, &tasks)}
            {input(form, place)}
            <datalist id="task-places">{places.collect_view()}</datalist>
            <button type="submit" class="button small" name=MORE value="rights" formnovalidate>
                {text::ADD_RIGHTS}
            </button>
        </div>
    }
    .into_any()
}

pub(super) fn permissions(form: &FormState, scopes: &[GrantScope], by_task: View) -> Vec<View> {
    let full = check(form, "full", common::EVERYTHING, text::FULL_HINT);
    let scopes = scopes.iter().map(|scope| scope_view(form, scope));
    let other = Field::text("other", text::OTHER_PERMISSIONS).mono().rows(2);
    let other = area(form, other.help(text::OTHER_PERMISSIONS_HINT));
    [by_task, full].into_iter().chain(scopes).chain([other]).collect()
}

/// Open where something is chosen.
fn scope_view(form: &FormState, scope: &GrantScope) -> View {
    let options = || scope.groups.iter().flat_map(|group| &group.options);
    let chosen = options().filter(|option| form.has("permissions", &option.permission)).count();
    let open = chosen > 0;
    let id = (!scope.id.is_empty()).then(|| view! { <code class="id">{scope.id.clone()}</code> });
    let groups = scope.groups.iter().map(|group| group_view(form, scope, group)).collect_view();
    view! {
        <details class="scope" open=open>
            <summary>
                <b>{scope.title.clone()}</b>
                {id}
                <span class="note">{text::chosen_of(chosen, options().count())}</span>
            </summary>
            <div class="scope-groups">{groups}</div>
        </details>
    }
    .into_any()
}

fn group_view(form: &FormState, scope: &GrantScope, group: &GrantGroup) -> View {
    let name = text::everything_of_in(&group.title, &scope.title);
    let boxes = group.options.iter().map(|option| option_view(form, option)).collect_view();
    view! {
        <fieldset class="choices" data-group="">
            <legend>
                <input type="checkbox" class="needs-js" data-whole="" aria-label=name/>
                {group.title.clone()}
                <span class="sr">{text::in_scope(&scope.title)}</span>
            </legend>
            <ul>{boxes}</ul>
        </fieldset>
    }
    .into_any()
}

fn option_view(form: &FormState, option: &GrantOption) -> View {
    let checked = form.has("permissions", &option.permission);
    view! {
        <li>
            <label title=option.permission.clone()>
                <input
                    type="checkbox"
                    name="permissions"
                    value=option.permission.clone()
                    checked=checked
                />
                {option.label.clone()}
            </label>
        </li>
    }
    .into_any()
}

pub(super) fn bounds(form: &FormState) -> Vec<View> {
    vec![
        area(
            form,
            Field::text("ip_allowlist", common::ADDRESSES_AND_NETWORKS)
                .mono()
                .rows(2)
                .help(text::ADDRESSES_HINT),
        ),
        input(
            form,
            Field::number("limit_per_minute", common::REQUESTS_A_MINUTE).help(common::REQUESTS_A_MINUTE_HINT),
        ),
    ]
}
