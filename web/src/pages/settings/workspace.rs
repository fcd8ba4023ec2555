//! Another workspace: its own keys, people and settings on the same server.

use crate::components::{Field, action, form_error, input, post_form, section, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};

/// Posts to [`paths::new_workspace`]: `name`, `slug`.
pub fn new_workspace(shell: &Shell, form: &FormState) -> String {
    let fields = vec![
        form_error(form),
        input(form, Field::text("name", "Name").required().autofocus().no_autofill()),
        input(
            form,
            Field::text("slug", "Slug")
                .mono()
                .required()
                .no_autofill()
                .help("3 to 64 characters of a-z, 0-9 and -. Names it on the command line."),
        ),
        action("You become its owner. Nobody else is in it.", vec![submit("Create workspace", "primary")]),
    ];
    Page::new(shell, Section::None, "New workspace")
        .crumb(Crumb::new("New workspace", paths::new_workspace()))
        .narrow()
        .body(vec![section(
            "Workspace",
            vec![post_form(shell.csrf(), &paths::new_workspace(), "form", fields)],
        )])
}
