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
        select(form, "algorithm", "Hash", "How the other system hashed its keys.", &algorithms),
        action("", vec![submit("Create", "primary")]),
    ];
    let steps = view! {
        <ol class="prose">
            <li>"Make a migration here. Its id tells the server how to recognise the keys."</li>
            <li>"Send the hashes with keys.migrateKeys."</li>
            <li>"Pass the migration id when you verify. A key becomes one of this server the first time it is used."</li>
        </ol>
    };
    super::page(shell, "Migrations")
        .action(button_link(None, "Documentation", &paths::doc("migrate-from-unkey"), ""))
        .body(vec![
            section("Migrations", vec![table(view)]),
            section("New migration", vec![post_form(shell.csrf(), &paths::migrations(), "form", fields)]),
            section("How it works", vec![steps.into_any(), code_block("Verify", &example(shell, view))]),
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
        return view! { <p class="hint">"None. Make one below when you bring keys from elsewhere."</p> }
            .into_any();
    }
    let heads = vec![head("Id"), head("Hash"), head("Waiting").numeric(), head("Created")];
    let rows = view.rows.iter().map(|row| {
        Row::new(vec![
            copy_chip(&row.id, "migration id"),
            row.algorithm.clone().into_any(),
            num(row.waiting),
            stamp(&row.created),
        ])
    });
    Table::new("Migrations", heads).rows(rows.collect())
}
