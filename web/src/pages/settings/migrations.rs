//! Keys that wait under a foreign hash until they are first used.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Row, Table, action, button_link, code_block, copy_chip, form_error, head, num, post_form, section,
    select, stamp, submit,
};
use crate::form::{FormState, NONCE};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};
use crate::time::Stamp;

/// An announced import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationRow {
    pub id: String,
    pub algorithm: String,
    /// Keys that were not used since.
    pub waiting: i64,
    pub created: Stamp,
}

/// Posts to [`paths::migrations`]: `algorithm`, with the nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationsView {
    pub rows: Vec<MigrationRow>,
    /// Value and name of the algorithms.
    pub algorithms: Vec<(String, String)>,
    pub form: FormState,
    pub nonce: String,
}

pub fn migrations(shell: &Shell, view: &MigrationsView) -> String {
    let algorithms: Vec<_> =
        view.algorithms.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let form = &view.form;
    let fields = vec![
        form_error(form),
        crate::components::hidden(NONCE, &view.nonce),
        select(form, "algorithm", text::HASH, text::HOW_THE_OTHER_SYSTEM_HASHED_ITS_KEYS, &algorithms),
        action("", vec![submit(common::CREATE, "primary")]),
    ];
    let steps = view! {
        <ol class="prose">
            <li>{text::STEP_MAKE_A_MIGRATION}</li>
            <li>{text::STEP_SEND_THE_HASHES}</li>
            <li>{text::STEP_PASS_THE_ID}</li>
        </ol>
    };
    super::page(shell, text::MIGRATIONS)
        .action(button_link(None, common::DOCUMENTATION, &paths::doc("migrate-from-unkey"), ""))
        .body(vec![
            section(text::MIGRATIONS, vec![table(view)]),
            section(text::NEW_MIGRATION, vec![post_form(shell.csrf(), &paths::migrations(), "form", fields)]),
            section(
                text::HOW_IT_WORKS,
                vec![steps.into_any(), code_block(text::VERIFY, &example(shell, view))],
            ),
        ])
}

fn example(shell: &Shell, view: &MigrationsView) -> String {
    let id = view.rows.first().map_or("YOUR_MIGRATION_ID", |row| row.id.as_str());
    let body = verify_body(id);
    crate::components::curl(shell.origin(), "keys.verifyKey", "YOUR_ROOT_KEY", &body)
}

/// Ids hold nothing that JSON would escape.
fn verify_body(id: &str) -> String {
    format!(r#"{{"key":"A_KEY_OF_THE_OTHER_SYSTEM","migrationId":"{id}"}}"#)
}

fn table(view: &MigrationsView) -> View {
    if view.rows.is_empty() {
        return view! { <p class="hint">{text::NO_MIGRATION}</p> }.into_any();
    }
    let heads =
        vec![head(common::ID), head(text::HASH), head(text::WAITING).numeric(), head(common::CREATED)];
    let rows = view.rows.iter().map(|row| {
        Row::new(vec![
            copy_chip(&row.id, text::MIGRATION_ID_TO_COPY),
            row.algorithm.clone().into_any(),
            num(row.waiting),
            stamp(&row.created),
        ])
    });
    Table::new(text::MIGRATIONS, heads).rows(rows.collect())
}
