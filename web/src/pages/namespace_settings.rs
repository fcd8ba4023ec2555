//! Settings of a namespace: its name and its end.

use super::parts::NamespaceRef;
use crate::components::{
    Danger, Field, action, danger_zone, facts, form_error, hidden, input, mono, post_form, section, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, ratelimits as text};

/// Posts to [`paths::namespace_settings`]: `name`; and from the danger zone to
/// [`paths::delete_namespace`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceSettingsView {
    pub namespace: NamespaceRef,
    pub form: FormState,
}

pub fn settings(shell: &Shell, view: &NamespaceSettingsView) -> String {
    let page = view.namespace.page(shell, common::SETTINGS).narrow();
    let ids = section(text::IDENTIFIERS, vec![facts(vec![(text::NAMESPACE_ID, mono(&view.namespace.id))])]);
    if !shell.may.write {
        return page.body(vec![ids]);
    }
    let help = text::OLD_NAME_GOES_ELSEWHERE;
    let form = vec![
        form_error(&view.form),
        hidden(VERSION, &view.form.value(VERSION)),
        input(&view.form, Field::text("name", common::NAME).mono().required().help(help).no_autofill()),
        action("", vec![submit(common::SAVE, "primary")]),
    ];
    let delete = Danger {
        title: text::DELETE_THIS_NAMESPACE,
        consequence: text::DELETE_NAMESPACE_CONSEQUENCE.to_owned(),
        button: text::DELETE_NAMESPACE,
        action: paths::delete_namespace(&view.namespace.id),
        confirm: Some(&view.namespace.name),
        locked: None,
    };
    page.body(vec![
        section(
            common::GENERAL,
            vec![post_form(shell.csrf(), &paths::namespace_settings(&view.namespace.id), "form", form)],
        ),
        ids,
        danger_zone(shell.csrf(), vec![delete], &view.form),
    ])
}
