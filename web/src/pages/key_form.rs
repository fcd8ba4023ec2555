//! A key's settings: the same sections to make one and to change one.

use leptos::prelude::*;

pub use super::key_preview::{KeyPreview, Preset, STEPS, StepPreview};
use super::key_preview::{presets, preview};
use super::parts::{ApiRef, Named};
use crate::View;
use crate::components::{
    Danger, Field, Icon, action, area, button_link, check, choices, danger_zone, empty_state, fieldset,
    form_error, hidden, input, limit_rows, link, post_form, pressed_by_enter, section, select, split, submit,
};
use crate::form::{FormState, NONCE, ON, VERSION};
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, key_form as text};

/// Name of the button that makes the key.
pub const CREATE: &str = "create";
/// Name of the button that only shows what would be made.
pub const PREVIEW: &str = "preview";
/// Name of the button that keeps what was typed as a preset.
pub const SAVE_PRESET: &str = "save_preset";
/// Field of the name under which what is typed is kept.
pub const PRESET: &str = "preset_name";

/// A role or a permission that can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grantable {
    /// Posted value.
    pub id: String,
    /// Name of a role, slug of a permission.
    pub label: String,
    /// What it holds or is for; for a permission also the role it comes through.
    pub note: String,
}

/// What a key's form chooses from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChoices {
    pub roles: Vec<Grantable>,
    pub permissions: Vec<Grantable>,
    /// Suggestions; any external id may be typed.
    pub external_ids: Vec<String>,
    /// Whether the API keeps recoverable keys.
    pub recoverable: bool,
}

/// Posts to [`paths::new_key`] of the API: `nonce`, `name`, `prefix`,
/// `byte_length`, `external_id`, `environment`, `enabled`, `recoverable`,
/// `limits.N.name|limit|duration|auto_apply`, `credits` (empty: unlimited),
/// `refill` (`none`, `daily`, `monthly`), `refill_amount`, `refill_day`,
/// `expires` (`never`, `1d`, `7d`, `30d`, `90d`, `at`), `expires_at` (local
/// time), `roles`*, `permissions`*, `meta` (JSON). `more` asks for another row,
/// [`PREVIEW`] for the page with what was typed, [`SAVE_PRESET`] or a name in [`PRESET`]
/// (with `preset_shared`) to keep it; [`CREATE`] tells the button from Enter in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeyView {
    pub api: ApiRef,
    pub nonce: String,
    pub form: FormState,
    pub choices: KeyChoices,
    pub zone: String,
    pub preview: KeyPreview,
    pub presets: Vec<Preset>,
}

pub fn create(shell: &Shell, view: &NewKeyView) -> String {
    let form = &view.form;
    let general = vec![
        input(form, Field::text("name", common::NAME).help(text::NAME_HELP).autofocus().no_autofill()),
        external_id(form, &view.choices),
        input(form, Field::text("prefix", text::PREFIX).help(text::PREFIX_HELP).mono()),
        input(
            form,
            Field::number("byte_length", text::RANDOM_BYTES).help(text::RANDOM_BYTES_HELP).unit(text::BYTES),
        ),
        input(form, Field::text("environment", text::ENVIRONMENT).help(text::ENVIRONMENT_HELP)),
        check(form, "enabled", common::ENABLED, text::ENABLED_HELP),
    ];
    let recoverable = view
        .choices
        .recoverable
        .then(|| check(form, "recoverable", text::RECOVERABLE, text::RECOVERABLE_HELP));
    let general = general.into_iter().chain(recoverable).collect();
    let mut body = vec![
        pressed_by_enter(),
        hidden(NONCE, &view.nonce),
        form_error(form),
        fieldset(common::GENERAL, text::GENERAL_HINT, general),
    ];
    body.extend(shared_sections(form, &view.choices, &view.zone));
    body.push(fieldset(text::PRESET, text::PRESET_HINT, keep_as_preset(form)));
    body.push(action(
        text::SECRET_IS_SHOWN_ONCE,
        vec![
            named_submit(text::CREATE_KEY, "primary", CREATE),
            named_submit(common::PREVIEW, "", PREVIEW),
            button_link(None, common::CANCEL, &paths::api_keys(&view.api.id), ""),
        ],
    ));
    let page = view.api.crumbs(Page::new(shell, Section::Apis, common::NEW_KEY));
    let form = post_form(shell.csrf(), &paths::new_key(&view.api.id), "form sections", body);
    page.crumb(Crumb::new(common::KEYS, paths::api_keys(&view.api.id)))
        .action(presets(shell.csrf(), &view.presets))
        .body(vec![split(vec![form], vec![preview(&view.preview)])])
}

fn named_submit(text: &str, look: &str, name: &'static str) -> View {
    view! { <button type="submit" class=format!("button {look}") name=name value=ON>{text.to_owned()}</button> }
        .into_any()
}

fn keep_as_preset(form: &FormState) -> Vec<View> {
    let name =
        Field::text(PRESET, text::NAME_OF_THE_PRESET).help(text::NAME_OF_THE_PRESET_HELP).no_autofill();
    vec![
        input(form, name),
        check(form, "preset_shared", common::SHARE_WITH_THE_WORKSPACE, ""),
        view! { <button type="submit" name=SAVE_PRESET value="on" class="button small">{text::SAVE_PRESET}</button> }
            .into_any(),
    ]
}

/// The API to make a key in; the rest of the address goes on with it.
pub fn choose_api(shell: &Shell, apis: &[Named], here: &Here) -> String {
    let page = Page::new(shell, Section::Apis, common::NEW_KEY).narrow();
    if apis.is_empty() {
        let make = shell
            .may
            .write
            .then(|| button_link(Some(Icon::Plus), text::NEW_API, &paths::new_api(), "primary"));
        let hint = text::NO_API_YET_HINT;
        return page.body(vec![empty_state(Icon::Key, text::NO_API_YET, hint, vec![make.into_any()])]);
    }
    let rows = apis.iter().map(|api| {
        let form = Here::new(paths::new_key(&api.id), here.pairs.clone());
        view! { <li>{link(&api.name, &form.href())}</li> }
    });
    let list = view! { <ul class="plain">{rows.collect_view()}</ul> };
    page.body(vec![section(text::FOR_WHICH_API, vec![list.into_any()])])
}

/// Posts to [`paths::edit_key`]: the fields of [`NewKeyView`] but `nonce`,
/// `prefix`, `byte_length` and `recoverable`, `limits.N.id` of stored limits, the
/// version, and `credits_before`, `refill_amount_before`, `refill_day_before` and
/// `expires_at_before`: what the form was opened with.
/// The danger zone posts to [`paths::delete_key`]: `confirm` (name or id).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditKeyView {
    pub api: ApiRef,
    pub key: Named,
    pub form: FormState,
    pub choices: KeyChoices,
    pub zone: String,
    /// How long a deleted key can be restored; empty when it cannot.
    pub undo_for: String,
}

pub fn edit(shell: &Shell, view: &EditKeyView) -> String {
    let form = &view.form;
    let general = vec![
        input(form, Field::text("name", common::NAME).no_autofill()),
        external_id(form, &view.choices),
        input(form, Field::text("environment", text::ENVIRONMENT)),
        check(form, "enabled", common::ENABLED, common::TAKES_EFFECT_WITH_NEXT_REQUEST),
    ];
    let mut body = vec![
        pressed_by_enter(),
        form_error(form),
        hidden(VERSION, &form.value(VERSION)),
        befores(form, &["credits", "refill_amount", "refill_day", "expires_at"]),
        fieldset(common::GENERAL, text::GENERAL_HINT, general),
    ];
    body.extend(shared_sections(form, &view.choices, &view.zone));
    body.push(action(
        common::TAKES_EFFECT_WITH_NEXT_REQUEST,
        vec![
            submit(common::SAVE_CHANGES, "primary"),
            button_link(None, common::CANCEL, &paths::key(&view.key.id), ""),
        ],
    ));
    let delete = Danger {
        title: text::DELETE_THIS_KEY,
        consequence: text::delete_consequence(&view.undo_for),
        button: text::DELETE_KEY,
        action: paths::delete_key(&view.key.id),
        confirm: view.undo_for.is_empty().then_some(view.key.name.as_str()),
        locked: None,
    };
    let danger = view! { <div id="danger">{danger_zone(shell.csrf(), vec![delete], form)}</div> };
    let page = view.api.crumbs(Page::new(shell, Section::Apis, text::EDIT_KEY));
    page.crumb(Crumb::new(common::KEYS, paths::api_keys(&view.api.id)))
        .crumb(Crumb::new(&view.key.name, paths::key(&view.key.id)))
        .narrow()
        .body(vec![
            post_form(shell.csrf(), &paths::edit_key(&view.key.id), "form sections", body),
            danger.into_any(),
        ])
}

/// What fields were opened with, as hidden fields of their names and `_before`: what
/// was typed is told from what was left over.
pub(crate) fn befores(form: &FormState, names: &[&str]) -> View {
    let before = |name: &&str| {
        let name = format!("{name}_before");
        hidden(&name, &form.value(&name))
    };
    names.iter().map(before).collect_view().into_any()
}

fn external_id(form: &FormState, choices: &KeyChoices) -> View {
    let options =
        choices.external_ids.iter().map(|id| view! { <option value=id.clone()></option> }).collect_view();
    let field = Field::text("external_id", text::EXTERNAL_ID)
        .help(text::EXTERNAL_ID_HELP)
        .mono()
        .no_autofill()
        .suggestions("external-ids");
    view! { {input(form, field)} <datalist id="external-ids">{options}</datalist> }.into_any()
}

fn shared_sections(form: &FormState, choices: &KeyChoices, zone: &str) -> Vec<View> {
    vec![
        fieldset(common::RATE_LIMITS, text::RATE_LIMITS_HINT, vec![limit_rows(form)]),
        fieldset(common::CREDITS, text::CREDITS_HINT, credits(form)),
        fieldset(common::EXPIRY, text::EXPIRY_HINT, expiry(form, zone)),
        fieldset(common::ROLES_AND_PERMISSIONS, text::ROLES_AND_PERMISSIONS_HINT, access(form, choices)),
        fieldset(text::METADATA, text::METADATA_HINT, vec![metadata(form)]),
    ]
}

pub(crate) fn credits(form: &FormState) -> Vec<View> {
    let intervals =
        [("none", text::NEVER), ("daily", text::EVERY_DAY_AT_MIDNIGHT_UTC), ("monthly", text::EVERY_MONTH)];
    vec![
        input(form, Field::number("credits", common::CREDITS_LEFT).help(text::EMPTY_FOR_UNLIMITED)),
        select(form, "refill", text::REFILL, text::REFILL_HELP, &intervals),
        input(form, Field::number("refill_amount", text::REFILL_TO)),
        input(form, Field::number("refill_day", text::DAY_OF_THE_MONTH).help(text::DAY_OF_THE_MONTH_HELP)),
    ]
}

pub(crate) fn expiry(form: &FormState, zone: &str) -> Vec<View> {
    expiry_of(form, zone, &[])
}

/// As [`expiry`], with something to choose before the rest.
pub(crate) fn expiry_of(form: &FormState, zone: &str, first: &[(&str, &str)]) -> Vec<View> {
    let presets = [
        ("never", text::NEVER),
        ("1d", text::IN_ONE_DAY),
        ("7d", text::IN_ONE_WEEK),
        ("30d", text::IN_30_DAYS),
        ("90d", text::IN_90_DAYS),
        ("at", text::AT_THE_TIME_BELOW),
    ];
    vec![
        select(form, "expires", common::EXPIRES, "", &[first, &presets].concat()),
        input(form, Field::text("expires_at", &text::time_in(zone)).of_kind("datetime-local")),
    ]
}

pub(crate) fn access(form: &FormState, available: &KeyChoices) -> Vec<View> {
    let options = |all: &[Grantable]| -> Vec<_> {
        all.iter().map(|one| (one.id.clone(), one.label.clone(), one.note.clone())).collect()
    };
    let chosen = |name: &str| form.values.iter().filter(|(own, _)| own == name).count();
    let group = |name: &str, legend: &str, all: &[Grantable]| match all {
        [] => view! { <p class="hint">{text::there_are_none_yet(legend)}</p> }.into_any(),
        all => choices(form, name, legend, &text::chosen_of(chosen(name), all.len()), &options(all)),
    };
    vec![
        group("roles", common::ROLES, &available.roles),
        group("permissions", common::PERMISSIONS, &available.permissions),
    ]
}

pub(crate) fn metadata(form: &FormState) -> View {
    let field = Field::text("meta", text::JSON_OBJECT).mono().rows(8).placeholder("{ \"plan\": \"pro\" }");
    area(form, field.help(text::JSON_OBJECT_HELP))
}
