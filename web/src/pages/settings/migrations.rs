//! Keys that wait under a foreign hash until they are first used.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Field, Row, Table, act, action, button_link, code_block, copy_chip, form_error, head, input, num,
    post_form, section, select, stamp, submit,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

/// A way in which foreign keys are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationRow {
    pub id: String,
    pub name: String,
    pub algorithm: String,
    pub pending: i64,
    pub moved: i64,
    pub created: Stamp,
}

/// Posts to [`paths::migrations`]: `name`, `algorithm`; to
/// [`paths::delete_migration`]: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationsView {
    pub rows: Vec<MigrationRow>,
    /// Value and name of the algorithms.
    pub algorithms: Vec<(String, String)>,
    pub form: FormState,
}

pub fn migrations(shell: &Shell, view: &MigrationsView) -> String {
    let algorithms: Vec<_> =
        view.algorithms.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let form = &view.form;
    let fields = vec![
        form_error(form),
        input(form, Field::text("name", "Name").required().no_autofill().help("Where the keys come from.")),
        select(form, "algorithm", "Hash", "How the other system hashed its keys.", &algorithms),
        action("", vec![submit("Create", "primary")]),
    ];
    let steps = view! {
        <ol class="prose">
            <li>"Make a migration here. Its id tells the server how to recognise the keys."</li>
            <li>"Send the hashes with keys.migrateKeys, or import a file."</li>
            <li>"Pass the migration id when you verify. A key is rehashed the first time it is used."</li>
        </ol>
    };
    super::page(shell, "Migrations")
        .action(button_link(None, "Documentation", &paths::doc("migrations"), ""))
        .body(vec![
            section("Migrations", vec![table(shell, view)]),
            section("New migration", vec![post_form(shell.csrf(), &paths::migrations(), "form", fields)]),
            section("How it works", vec![steps.into_any(), code_block("Verify", &example(shell))]),
        ])
}

fn example(shell: &Shell) -> String {
    let body = r#"{"key":"A_KEY_OF_THE_OTHER_SYSTEM","migrationId":"YOUR_MIGRATION_ID"}"#;
    crate::components::curl(shell.origin(), "keys.verifyKey", "YOUR_ROOT_KEY", body)
}

fn table(shell: &Shell, view: &MigrationsView) -> View {
    if view.rows.is_empty() {
        return view! { <p class="hint">"None. Make one below when you bring keys from elsewhere."</p> }
            .into_any();
    }
    let heads = vec![
        head("Name"),
        head("Id"),
        head("Hash"),
        head("Waiting").numeric(),
        head("Moved").numeric(),
        head("Created"),
        head(""),
    ];
    let rows = view.rows.iter().map(|row| {
        let delete = if row.pending == 0 {
            act(shell.csrf(), None, "Delete", &paths::delete_migration(&row.id), "small")
        } else {
            ().into_any()
        };
        Row::new(vec![
            row.name.clone().into_any(),
            copy_chip(&row.id, "migration id"),
            row.algorithm.clone().into_any(),
            num(row.pending),
            num(row.moved),
            stamp(&row.created),
            delete,
        ])
    });
    Table::new("Migrations", heads).rows(rows.collect())
}
