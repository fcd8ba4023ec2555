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

/// Name of the button that makes the key.
pub const CREATE: &str = "create";
/// Name of the button that only shows what would be made.
pub const PREVIEW: &str = "preview";
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
/// [`PREVIEW`] for the page with what was typed, a name in [`PRESET`] (with
/// `preset_shared`) to keep it; [`CREATE`] tells the button from Enter in a field.
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
        input(
            form,
            Field::text("name", "Name").help("For people. Not part of the secret.").autofocus().no_autofill(),
        ),
        external_id(form, &view.choices),
        input(
            form,
            Field::text("prefix", "Prefix")
                .help("Starts the secret and tells keys apart, such as live. Empty takes the default of the API.")
                .mono(),
        ),
        input(
            form,
            Field::number("byte_length", "Random bytes")
                .help("16 to 255. Empty takes the default of the API, else 16, which is more than enough.")
                .unit("bytes"),
        ),
        input(form, Field::text("environment", "Environment").help("A free label such as production.")),
        check(form, "enabled", "Enabled", "A disabled key exists but is refused."),
    ];
    let recoverable = view.choices.recoverable.then(|| {
        check(
            form,
            "recoverable",
            "Recoverable",
            "Keeps the secret encrypted, so that it can be shown again.",
        )
    });
    let general = general.into_iter().chain(recoverable).collect();
    let mut body = vec![
        pressed_by_enter(),
        hidden(NONCE, &view.nonce),
        form_error(form),
        fieldset("General", "What the key is called and whom it belongs to.", general),
    ];
    body.extend(shared_sections(form, &view.choices, &view.zone));
    body.push(fieldset("Preset", "Keeps these settings for the next keys.", keep_as_preset(form)));
    body.push(action(
        "The secret is shown once, on the next page.",
        vec![
            named_submit("Create key", "primary", CREATE),
            named_submit("Preview", "", PREVIEW),
            button_link(None, "Cancel", &paths::api_keys(&view.api.id), ""),
        ],
    ));
    let page = view.api.crumbs(Page::new(shell, Section::Apis, "New key"));
    let form = post_form(shell.csrf(), &paths::new_key(&view.api.id), "form sections", body);
    page.crumb(Crumb::new("Keys", paths::api_keys(&view.api.id)))
        .action(presets(shell.csrf(), &view.presets))
        .body(vec![split(vec![form], vec![preview(&view.preview)])])
}

fn named_submit(text: &str, look: &str, name: &'static str) -> View {
    view! { <button type="submit" class=format!("button {look}") name=name value=ON>{text.to_owned()}</button> }
        .into_any()
}

fn keep_as_preset(form: &FormState) -> Vec<View> {
    let name = Field::text(PRESET, "Name of the preset")
        .help("Everything above but the name and the external id of the key. It serves every API.")
        .no_autofill();
    vec![
        input(form, name),
        check(form, "preset_shared", "Share with the workspace", ""),
        view! { <button type="submit" class="button small">"Save preset"</button> }.into_any(),
    ]
}

/// The API to make a key in; the rest of the address goes on with it.
pub fn choose_api(shell: &Shell, apis: &[Named], here: &Here) -> String {
    let page = Page::new(shell, Section::Apis, "New key").narrow();
    if apis.is_empty() {
        let make =
            shell.may.write.then(|| button_link(Some(Icon::Plus), "New API", &paths::new_api(), "primary"));
        let hint = "A key belongs to an API. Make one first.";
        return page.body(vec![empty_state(Icon::Key, "No API yet", hint, vec![make.into_any()])]);
    }
    let rows = apis.iter().map(|api| {
        let form = Here::new(paths::new_key(&api.id), here.pairs.clone());
        view! { <li>{link(&api.name, &form.href())}</li> }
    });
    let list = view! { <ul class="plain">{rows.collect_view()}</ul> };
    page.body(vec![section("For which API?", vec![list.into_any()])])
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
        input(form, Field::text("name", "Name").no_autofill()),
        external_id(form, &view.choices),
        input(form, Field::text("environment", "Environment")),
        check(form, "enabled", "Enabled", "Takes effect with the next request."),
    ];
    let mut body = vec![
        pressed_by_enter(),
        form_error(form),
        hidden(VERSION, &form.value(VERSION)),
        befores(form, &["credits", "refill_amount", "refill_day", "expires_at"]),
        fieldset("General", "What the key is called and whom it belongs to.", general),
    ];
    body.extend(shared_sections(form, &view.choices, &view.zone));
    body.push(action(
        "Takes effect with the next request.",
        vec![submit("Save changes", "primary"), button_link(None, "Cancel", &paths::key(&view.key.id), "")],
    ));
    let undo = if view.undo_for.is_empty() {
        "This cannot be undone.".to_owned()
    } else {
        format!("It can be restored for {}.", view.undo_for)
    };
    let delete = Danger {
        title: "Delete this key",
        consequence: format!("Requests with it are refused at once. Its history stays. {undo}"),
        button: "Delete key",
        action: paths::delete_key(&view.key.id),
        confirm: view.undo_for.is_empty().then_some(view.key.name.as_str()),
        locked: None,
    };
    let danger = view! { <div id="danger">{danger_zone(shell.csrf(), vec![delete], form)}</div> };
    let page = view.api.crumbs(Page::new(shell, Section::Apis, "Edit key"));
    page.crumb(Crumb::new("Keys", paths::api_keys(&view.api.id)))
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
    let field = Field::text("external_id", "External id")
        .help("Your own id of the user or team. Keys with the same one share an identity; a new one is made if needed.")
        .mono()
        .no_autofill()
        .suggestions("external-ids");
    view! { {input(form, field)} <datalist id="external-ids">{options}</datalist> }.into_any()
}

fn shared_sections(form: &FormState, choices: &KeyChoices, zone: &str) -> Vec<View> {
    vec![
        fieldset(
            "Rate limits",
            "How often the key may be used. Several limits hold at once.",
            vec![limit_rows(form)],
        ),
        fieldset("Credits", "How much the key may be used in all.", credits(form)),
        fieldset("Expiry", "When the key stops working by itself.", expiry(form, zone)),
        fieldset("Roles and permissions", "What requests with this key may do.", access(form, choices)),
        fieldset(
            "Metadata",
            "Anything your code wants to know when it verifies the key.",
            vec![metadata(form)],
        ),
    ]
}

pub(crate) fn credits(form: &FormState) -> Vec<View> {
    let intervals = [("none", "Never"), ("daily", "Every day at midnight UTC"), ("monthly", "Every month")];
    vec![
        input(form, Field::number("credits", "Credits left").help("Empty for unlimited.")),
        select(form, "refill", "Refill", "Brings a lower balance back up to the amount.", &intervals),
        input(form, Field::number("refill_amount", "Refill to")),
        input(
            form,
            Field::number("refill_day", "Day of the month")
                .help("1 to 31; shorter months use their last day."),
        ),
    ]
}

pub(crate) fn expiry(form: &FormState, zone: &str) -> Vec<View> {
    expiry_of(form, zone, &[])
}

/// As [`expiry`], with something to choose before the rest.
pub(crate) fn expiry_of(form: &FormState, zone: &str, first: &[(&str, &str)]) -> Vec<View> {
    let presets = [
        ("never", "Never"),
        ("1d", "In one day"),
        ("7d", "In one week"),
        ("30d", "In 30 days"),
        ("90d", "In 90 days"),
        ("at", "At the time below"),
    ];
    let label = format!("Time ({zone})");
    vec![
        select(form, "expires", "Expires", "", &[first, &presets].concat()),
        input(form, Field::text("expires_at", &label).of_kind("datetime-local")),
    ]
}

pub(crate) fn access(form: &FormState, available: &KeyChoices) -> Vec<View> {
    let options = |all: &[Grantable]| -> Vec<_> {
        all.iter().map(|one| (one.id.clone(), one.label.clone(), one.note.clone())).collect()
    };
    let chosen = |name: &str| form.values.iter().filter(|(own, _)| own == name).count();
    let group = |name: &str, legend: &str, all: &[Grantable]| match all {
        [] => {
            view! { <p class="hint">{format!("There are no {} yet.", legend.to_lowercase())}</p> }.into_any()
        }
        all => {
            choices(form, name, legend, &format!("{} of {} chosen", chosen(name), all.len()), &options(all))
        }
    };
    vec![
        group("roles", "Roles", &available.roles),
        group("permissions", "Permissions", &available.permissions),
    ]
}

pub(crate) fn metadata(form: &FormState) -> View {
    let field = Field::text("meta", "JSON object").mono().rows(8).placeholder("{ \"plan\": \"pro\" }");
    area(form, field.help("Returned with every verification; never put secrets here."))
}
