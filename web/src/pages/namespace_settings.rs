//! Settings of a namespace: its name and its end.

use super::parts::NamespaceRef;
use crate::components::{
    Danger, Field, action, danger_zone, facts, form_error, hidden, input, mono, post_form, section, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::namespace_settings`]: `name`; and from the danger zone to
/// [`paths::delete_namespace`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceSettingsView {
    pub namespace: NamespaceRef,
    pub form: FormState,
}

pub fn settings(shell: &Shell, view: &NamespaceSettingsView) -> String {
    let page = view.namespace.page(shell, "Settings").narrow();
    let ids = section("Identifiers", vec![facts(vec![("Namespace id", mono(&view.namespace.id))])]);
    if !shell.may.write {
        return page.body(vec![ids]);
    }
    let help = "Your code names it in each call. Calls with the old name go to another namespace.";
    let form = vec![
        form_error(&view.form),
        hidden(VERSION, &view.form.value(VERSION)),
        input(&view.form, Field::text("name", "Name").mono().required().help(help).no_autofill()),
        action("", vec![submit("Save", "primary")]),
    ];
    let delete = Danger {
        title: "Delete this namespace",
        consequence: "Its overrides go. Calls that name it fail until it is made again.".to_owned(),
        button: "Delete namespace",
        action: paths::delete_namespace(&view.namespace.id),
        confirm: Some(&view.namespace.name),
        locked: None,
    };
    page.body(vec![
        section(
            "General",
            vec![post_form(shell.csrf(), &paths::namespace_settings(&view.namespace.id), "form", form)],
        ),
        ids,
        danger_zone(shell.csrf(), vec![delete], &view.form),
    ])
}
