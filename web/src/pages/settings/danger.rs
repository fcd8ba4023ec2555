//! What ends or empties a workspace.

use crate::components::{Danger, Field, action, danger_zone, form_error, input, post_form, section, submit};
use crate::form::FormState;
use crate::number::count;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::erase_identity`]: `external_id`; to
/// [`paths::disable_workspace`]: `confirm` (the name); to
/// [`paths::delete_workspace`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DangerView {
    pub form: FormState,
    pub enabled: bool,
    pub keys: i64,
    /// Whether it is the only workspace, which cannot be deleted.
    pub last: bool,
}

pub fn danger(shell: &Shell, view: &DangerView) -> String {
    let name = shell.workspace.name.as_str();
    let erase = vec![
        form_error(&view.form),
        input(
            &view.form,
            Field::text("external_id", "External id").mono().required().no_autofill().help(
                "Its events keep their counts under a random name; it can no longer be told who it was.",
            ),
        ),
        action("Runs as a job. It cannot be undone.", vec![submit("Erase from events", "danger")]),
    ];
    let (title, consequence, button) = if view.enabled {
        (
            "Disable the workspace",
            "Every call is refused until it is enabled again. Nothing is lost.",
            "Disable workspace",
        )
    } else {
        ("Enable the workspace", "Calls are answered again.", "Enable workspace")
    };
    let acts = vec![
        Danger {
            title,
            consequence: consequence.to_owned(),
            button,
            action: paths::disable_workspace(),
            confirm: Some(name),
            locked: None,
        },
        Danger {
            title: "Delete the workspace",
            consequence: format!("Deletes it with {} and everything else in it.", count(view.keys, "key")),
            button: "Delete workspace",
            action: paths::delete_workspace(),
            confirm: Some(name),
            locked: view.last.then(|| "It is the only workspace of this server.".to_owned()),
        },
    ];
    super::page(shell, "Danger zone").body(vec![
        section("Erase a person", vec![post_form(shell.csrf(), &paths::erase_identity(), "form", erase)]),
        danger_zone(shell.csrf(), acts, &view.form),
    ])
}
