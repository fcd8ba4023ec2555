//! What an act on many keys would do, before it is done.

use leptos::prelude::*;

use super::key_form::{KeyChoices, access, credits, expiry, metadata};
use super::key_rotate::GRACE;
use super::keys::ACTS;
use super::parts::{ApiRef, KeyLine, key_lines};
use crate::View;
use crate::components::{
    Field, action, button_link, fieldset, form_error, hidden, input, limit_rows, note, post_form, section,
    select, submit, warning,
};
use crate::form::{ALL_MATCHING, FormState, ON, SELECTED};
use crate::number::{count, exact};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};

/// Posts to [`paths::bulk_keys`] again with `run` = `on`: `act`, the selection
/// (`id`*, or `all_matching` with `query`), `confirm` (the count) for `delete`
/// and `rotate`, and by act the fields of
/// [`NewKeyView`](super::key_form::NewKeyView): `expires`, `expires_at`;
/// `credits`, `refill`, `refill_amount`, `refill_day`; `limits.N.*`; `roles`*,
/// `permissions`*; `external_id`; `meta`; or `grace_ms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkView {
    pub api: ApiRef,
    /// One of [`ACTS`].
    pub act: String,
    pub count: i64,
    /// The first few that would change.
    pub sample: Vec<KeyLine>,
    /// Chosen ids; empty when everything that matches is chosen.
    pub ids: Vec<String>,
    /// Query string of the list.
    pub query: String,
    pub form: FormState,
    pub choices: KeyChoices,
    pub zone: String,
}

pub fn preview(shell: &Shell, view: &BulkView) -> String {
    let name = ACTS.iter().find(|(act, _)| *act == view.act).map_or("Change", |(_, name)| name);
    let title = format!("{name}: {}", count(view.count, "key"));
    let mut form = vec![
        form_error(&view.form),
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
    let more = (more > 0).then(|| view! { <p class="hint">{format!("and {} more", exact(more))}</p> });
    let sample = section("Keys that would change", vec![key_lines("Sample", &view.sample), more.into_any()]);
    view.api
        .crumbs(Page::new(shell, Section::Apis, &title))
        .crumb(Crumb::new("Keys", paths::api_keys(&view.api.id)))
        .narrow()
        .body(vec![consequence(&view.act), form, sample])
}

fn consequence(act: &str) -> View {
    match act {
        "delete" => warning("Requests with these keys are refused at once. Their history stays."),
        "rotate" => {
            warning("Each key gets a new secret. The old ones stop working after the time chosen here.")
        }
        "disable" => note("Requests with these keys are refused until they are enabled again."),
        "roles" => note("Replaces the roles and direct permissions of every key."),
        "limits" => note("Replaces the rate limits of every key."),
        "meta" => note("Fields given here are set on every key; others stay. A field with null is removed."),
        _ => ().into_any(),
    }
}

fn fields(view: &BulkView) -> Vec<View> {
    let form = &view.form;
    let typed = |text: &str| {
        let label = format!("Type {} to confirm", exact(view.count));
        input(form, Field::number(crate::form::CONFIRM, &label).required().help(text))
    };
    match view.act.as_str() {
        "expiry" => expiry(form, &view.zone),
        "credits" => credits(form),
        "limits" => vec![fieldset("Rate limits", "", vec![limit_rows(form)])],
        "roles" => access(form, &view.choices),
        "external_id" => {
            vec![input(form, Field::text("external_id", "External id").mono().help("Empty to detach."))]
        }
        "meta" => vec![metadata(form)],
        "rotate" => vec![select(form, "grace_ms", "Old secrets go on working for", "", &GRACE), typed("")],
        "delete" => vec![typed("The number of keys, to be sure.")],
        _ => vec![],
    }
}
