//! What ends a workspace.

use crate::components::{Danger, danger_zone, note};
use crate::form::FormState;
use crate::number::count;
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};

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
        title: text::DELETE_THE_WORKSPACE,
        consequence: text::delete_consequence(name, count(view.keys, "key")),
        button: text::DELETE_WORKSPACE,
        action: paths::delete_workspace(),
        confirm: Some(name),
        locked: view.last.then(|| text::ONLY_WORKSPACE_OF_SERVER.to_owned()),
    };
    super::page(shell, common::DANGER_ZONE).body(vec![
        danger_zone(shell.csrf(), vec![delete], &view.form),
        note(text::HOW_TO_DISABLE_A_WORKSPACE),
    ])
}
