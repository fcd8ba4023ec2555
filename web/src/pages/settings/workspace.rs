//! Another workspace: its own keys, people and settings on the same server.

use crate::components::{Field, action, form_error, input, post_form, section, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, settings as text};

/// Posts to [`paths::new_workspace`]: `name`, `slug`.
pub fn new_workspace(shell: &Shell, form: &FormState) -> String {
    let fields = vec![
        form_error(form),
        input(form, Field::text("name", common::NAME).required().autofocus().no_autofill()),
        input(
            form,
            Field::text("slug", common::SLUG).mono().required().no_autofill().help(text::NEW_SLUG_HINT),
        ),
        action(text::YOU_BECOME_ITS_OWNER, vec![submit(common::CREATE_WORKSPACE, "primary")]),
    ];
    Page::new(shell, Section::None, common::NEW_WORKSPACE)
        .crumb(Crumb::new(common::NEW_WORKSPACE, paths::new_workspace()))
        .narrow()
        .body(vec![section(
            common::WORKSPACE,
            vec![post_form(shell.csrf(), &paths::new_workspace(), "form", fields)],
        )])
}
