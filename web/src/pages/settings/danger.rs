//! What ends a workspace.

use crate::components::{Danger, danger_zone, note};
use crate::form::FormState;
use crate::number::count;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::delete_workspace`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DangerView {
    pub form: FormState,
    pub keys: i64,
    /// Whether it is the only workspace, which cannot be deleted.
    pub last: bool,
}

pub fn danger(shell: &Shell, view: &DangerView) -> String {
    let name = shell.workspace.name.as_str();
    let delete = Danger {
        title: "Delete the workspace",
        consequence: format!(
            "{} with {} and everything else in it stops working at once.",
            name,
            count(view.keys, "key")
        ),
        button: "Delete workspace",
        action: paths::delete_workspace(),
        confirm: Some(name),
        locked: view.last.then(|| "It is the only workspace of this server.".to_owned()),
    };
    super::page(shell, "Danger zone").body(vec![
        danger_zone(shell.csrf(), vec![delete], &view.form),
        note("To stop a workspace for a while, the operator disables it: unkey workspace disable SLUG."),
    ])
}
