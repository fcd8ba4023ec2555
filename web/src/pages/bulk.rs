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
use crate::number::{count, exact};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};

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
    let name = ACTS.iter().find(|(act, _)| *act == view.act).map_or("Change", |(_, name)| name);
    let at_least = if view.or_more { "at least " } else { "" };
    let title = format!("{name}: {at_least}{}", count(view.count, "key"));
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
        "Runs in the background. Each key gets a result you can download.",
        vec![
            submit(name, if view.act == "delete" { "danger" } else { "primary" }),
            button_link(None, "Cancel", &paths::api_keys(&view.api.id), ""),
        ],
    ));
    let form = post_form(shell.csrf(), &paths::bulk_keys(&view.api.id), "form card", form);
    let more = view.count - i64::try_from(view.sample.len()).unwrap_or(i64::MAX);
    let more = (more > 0).then(|| {
        let text = format!("and {at_least}{} more", exact(more));
        view! { <p class="hint">{text}</p> }
    });
    let sample = section("Keys that would change", vec![key_lines("Sample", &view.sample), more.into_any()]);
    view.api
        .crumbs(Page::new(shell, Section::Apis, &title))
        .crumb(Crumb::new("Keys", paths::api_keys(&view.api.id)))
        .narrow()
        .body(vec![consequence(view), form, sample])
}

fn consequence(view: &BulkView) -> View {
    let what = match view.act.as_str() {
        "delete" => {
            warning("Requests with these keys are refused at once. The job can be taken back for a while.")
        }
        "disable" => note("Requests with these keys are refused until they are enabled again."),
        "credits" => note("Replaces what is left of the credits of every key. Refills stay as they are."),
        "add_credits" => note("Keys with unlimited credits have none to add to: these rows fail."),
        "add_roles" => note("Every key keeps the roles it has."),
        "add_permissions" => {
            note("Every key keeps the permissions it has. Slugs that are not known yet are made.")
        }
        "limits" => note("Replaces the rate limits of every key."),
        "meta" => note("Fields given here are set on every key; others stay. A field with null is removed."),
        _ => ().into_any(),
    };
    let uncounted = view.or_more.then(|| {
        note("There are too many keys to count them while you wait. The job finds every one that matches.")
    });
    view! { {what} {uncounted} }.into_any()
}

fn fields(view: &BulkView) -> Vec<View> {
    let form = &view.form;
    match view.act.as_str() {
        "expiry" => expiry_of(form, &view.zone, &[("", "Choose")]),
        "credits" => vec![
            input(form, Field::number("credits", "Credits left")),
            check(form, "unlimited", "Unlimited", "Without it a number is needed."),
        ],
        "add_credits" => vec![input(form, Field::number("amount", "Credits to add").required())],
        "limits" => vec![
            pressed_by_enter(),
            fieldset("Rate limits", "", vec![limit_rows(form)]),
            check(form, "no_limits", "No limits", "Removes those there are. Without it a limit is needed."),
        ],
        "add_roles" | "remove_roles" => names(view, "Roles", "roles"),
        "add_permissions" | "remove_permissions" => names(view, "Permissions", "permissions"),
        "external_id" => {
            vec![input(form, Field::text("external_id", "External id").mono().help("Empty to detach."))]
        }
        "meta" => vec![metadata(form)],
        "delete" => {
            let label = format!("Type {} to confirm", view.confirm);
            vec![input(form, Field::text(CONFIRM, &label).required().no_autofill())]
        }
        _ => vec![],
    }
}

/// The first of them to tick, and a place for all others.
fn names(view: &BulkView, legend: &str, noun: &str) -> Vec<View> {
    let options: Vec<_> =
        view.choices.iter().map(|(name, note)| (name.clone(), name.clone(), note.clone())).collect();
    let listed = (!options.is_empty()).then(|| choices(&view.form, "names", legend, "", &options));
    let label = if options.is_empty() { legend.to_owned() } else { format!("Other {noun}") };
    vec![
        listed.into_any(),
        area(&view.form, Field::text("others", &label).mono().rows(3).help("One a line.")),
    ]
}
