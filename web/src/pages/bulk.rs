//! What an act on many keys would do, before it is done.

use leptos::prelude::*;

use super::key_form::{expiry_of, metadata};
use super::keys::ACTS;
use super::parts::{ApiRef, KeyLine, key_lines};
use crate::View;
use crate::components::{
    Field, action, area, button_link, check, choices, fieldset, form_error, hidden, input, limit_rows, note,
    post_form, pressed_by_enter, section, submit, warning,
};
use crate::form::{ALL_MATCHING, CONFIRM, FormState, NONCE, ON, SELECTED};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{bulk as text, common};

/// Posts to [`paths::bulk_keys`] again with `run` = `on`: `nonce`, `act`, the
/// selection (`id`*, or `all_matching` with `query`), `confirm` for `delete`, and
/// by act `expires`, `expires_at`; `credits` or `unlimited`; `amount`; `limits.N.*` or `no_limits`; `names`* and
/// `others` (one a line) of roles or permissions; `external_id`; `meta`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkView {
    pub api: ApiRef,
    pub nonce: String,
    /// One of [`ACTS`].
    pub act: String,
    pub count: i64,
    /// Whether there may be more than were counted.
    pub or_more: bool,
    /// The first few that would change.
    pub sample: Vec<KeyLine>,
    /// Chosen ids; empty when everything that matches is chosen.
    pub ids: Vec<String>,
    /// Query string of the list.
    pub query: String,
    pub form: FormState,
    /// Names of roles or slugs of permissions to choose from, and notes on them.
    pub choices: Vec<(String, String)>,
    /// What is typed to confirm a deletion.
    pub confirm: String,
    pub zone: String,
}

pub fn preview(shell: &Shell, view: &BulkView) -> String {
    let name = ACTS.iter().find(|(act, _)| *act == view.act).map_or(text::CHANGE, |(_, name)| name);
    let title = text::act_on_keys(name, view.or_more, view.count);
    let mut form = vec![
        form_error(&view.form),
        hidden(NONCE, &view.nonce),
        hidden("run", ON),
        hidden("act", &view.act),
        hidden("query", &view.query),
    ];
    form.extend(view.ids.iter().map(|id| hidden(SELECTED, id)));
    if view.ids.is_empty() {
        form.push(hidden(ALL_MATCHING, ON));
    }
    form.extend(fields(view));
    form.push(action(
        text::RUNS_IN_THE_BACKGROUND,
        vec![
            submit(name, if view.act == "delete" { "danger" } else { "primary" }),
            button_link(None, common::CANCEL, &paths::api_keys(&view.api.id), ""),
        ],
    ));
    let form = post_form(shell.csrf(), &paths::bulk_keys(&view.api.id), "form card", form);
    let more = view.count - i64::try_from(view.sample.len()).unwrap_or(i64::MAX);
    let more = (more > 0).then(|| {
        view! { <p class="hint">{text::and_more(view.or_more, more)}</p> }
    });
    let sample =
        section(text::KEYS_THAT_WOULD_CHANGE, vec![key_lines(text::SAMPLE, &view.sample), more.into_any()]);
    view.api
        .crumbs(Page::new(shell, Section::Apis, &title))
        .crumb(Crumb::new(common::KEYS, paths::api_keys(&view.api.id)))
        .narrow()
        .body(vec![consequence(view), form, sample])
}

fn consequence(view: &BulkView) -> View {
    let what = match view.act.as_str() {
        "delete" => warning(text::DELETE_CONSEQUENCE),
        "disable" => note(text::DISABLE_CONSEQUENCE),
        "credits" => note(text::CREDITS_CONSEQUENCE),
        "add_credits" => note(text::ADD_CREDITS_CONSEQUENCE),
        "add_roles" => note(text::ADD_ROLES_CONSEQUENCE),
        "add_permissions" => note(text::ADD_PERMISSIONS_CONSEQUENCE),
        "limits" => note(text::LIMITS_CONSEQUENCE),
        "meta" => note(text::META_CONSEQUENCE),
        _ => ().into_any(),
    };
    let uncounted = view.or_more.then(|| note(text::TOO_MANY_TO_COUNT));
    view! { {what} {uncounted} }.into_any()
}

fn fields(view: &BulkView) -> Vec<View> {
    let form = &view.form;
    match view.act.as_str() {
        "expiry" => expiry_of(form, &view.zone, &[("", common::CHOOSE)]),
        "credits" => vec![
            input(form, Field::number("credits", common::CREDITS_LEFT)),
            check(form, "unlimited", text::UNLIMITED, text::UNLIMITED_HELP),
        ],
        "add_credits" => vec![input(form, Field::number("amount", text::CREDITS_TO_ADD).required())],
        "limits" => vec![
            pressed_by_enter(),
            fieldset(common::RATE_LIMITS, "", vec![limit_rows(form)]),
            check(form, "no_limits", text::NO_LIMITS, text::NO_LIMITS_HELP),
        ],
        "add_roles" | "remove_roles" => names(view, common::ROLES, text::OTHER_ROLES),
        "add_permissions" | "remove_permissions" => names(view, common::PERMISSIONS, text::OTHER_PERMISSIONS),
        "external_id" => {
            vec![input(
                form,
                Field::text("external_id", text::EXTERNAL_ID).mono().help(text::EMPTY_TO_DETACH),
            )]
        }
        "meta" => vec![metadata(form)],
        "delete" => {
            let label = text::type_to_confirm(&view.confirm);
            vec![input(form, Field::text(CONFIRM, &label).required().no_autofill())]
        }
        _ => vec![],
    }
}

/// The first of them to tick, and a place for all others.
fn names(view: &BulkView, legend: &str, others: &str) -> Vec<View> {
    let options: Vec<_> =
        view.choices.iter().map(|(name, note)| (name.clone(), name.clone(), note.clone())).collect();
    let listed = (!options.is_empty()).then(|| choices(&view.form, "names", legend, "", &options));
    let label = if options.is_empty() { legend } else { others };
    vec![
        listed.into_any(),
        area(&view.form, Field::text("others", label).mono().rows(3).help(text::ONE_A_LINE)),
    ]
}
