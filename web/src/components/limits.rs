//! Rate limits of a key or an identity: rows to read, rows to edit.

use leptos::prelude::*;

use super::field::{Field, check, hidden, input};
use crate::View;
use crate::form::{FormState, MORE, ON};
use crate::texts::{common, components as text};

/// Group of the fields: `limits.0.id`, `.name`, `.limit`, `.duration`, `.auto_apply`.
pub(crate) const GROUP: &str = "limits";

/// A rate limit as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRule {
    pub name: String,
    pub limit: i64,
    pub duration_ms: i64,
    pub auto_apply: bool,
    /// Used in the current window, where known.
    pub used: Option<i64>,
    /// Whether it is the identity's, not the key's own.
    pub inherited: bool,
}

/// Editable rows, with one to spare. An empty name removes a row. A new one always
/// applies, unless somebody says otherwise: who fills in a limit means it to limit.
pub(crate) fn limit_rows(form: &FormState) -> View {
    let rows = form.rows(GROUP);
    let new = (0..rows).filter(|index| !form.has_row(GROUP, *index));
    let applied = new.map(|index| (format!("{GROUP}.{index}.auto_apply"), ON.to_owned()));
    let form = &FormState { values: form.values.iter().cloned().chain(applied).collect(), ..form.clone() };
    let rows = (0..rows).map(|index| row(form, index)).collect_view();
    view! {
        <div class="limit-rows">
            {rows}
            <button type="submit" class="button small" name=MORE value=GROUP formnovalidate>
                {text::ADD_A_LIMIT}
            </button>
            <p class="hint">
                {text::LIMITS_HINT_DURATION}
                {text::LIMITS_HINT_NOT_ALWAYS}
            </p>
        </div>
    }
    .into_any()
}

fn row(form: &FormState, index: usize) -> View {
    let name = |field: &str| format!("{GROUP}.{index}.{field}");
    let number = index + 1;
    view! {
        <div class="limit-row" role="group" aria-label=text::limit_number(number)>
            {hidden(&name("id"), &form.value(&name("id")))}
            {input(form, Field::text(&name("name"), common::NAME).mono().placeholder("requests"))}
            {input(form, Field::number(&name("limit"), common::LIMIT).placeholder("100"))}
            {input(form, Field::text(&name("duration"), common::EVERY).placeholder("1m").no_autofill())}
            {check(form, &name("auto_apply"), text::ALWAYS_APPLY, text::TO_EVERY_VERIFICATION)}
        </div>
    }
    .into_any()
}
