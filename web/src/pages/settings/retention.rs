//! How long events and audit entries are kept, and what they take.

use crate::components::{
    Field, action, check, facts, form_error, input, mono, num, post_form, section, submit,
};
use crate::form::FormState;
use crate::number::bytes;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::retention`]: `events_days`, `requests_days`, `audit_days`
/// (empty: forever), `max_gib` (empty: no cap), `log_bodies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionView {
    pub form: FormState,
    /// Name and bytes of what takes space.
    pub sizes: Vec<(String, i64)>,
    pub events: i64,
    pub oldest: Option<crate::time::Stamp>,
}

pub fn retention(shell: &Shell, view: &RetentionView) -> String {
    let form = &view.form;
    let days = |name, label, help| input(form, Field::number(name, label).unit("days").help(help));
    let fields = vec![
        form_error(form),
        days("events_days", "Verifications and rate limits", "What charts and logs are drawn from."),
        days("requests_days", "API requests", "Bodies take most of the space."),
        days("audit_days", "Audit log", "Empty keeps it forever."),
        input(
            form,
            Field::number("max_gib", "At most")
                .unit("GiB")
                .help("The oldest go first, with a notice. Empty for no cap."),
        ),
        check(
            form,
            "log_bodies",
            "Keep bodies of API requests",
            "Redacted. Without them the request log has headers and outcomes only.",
        ),
        action("Shortening deletes what is older within an hour.", vec![submit("Save", "primary")]),
    ];
    let mut rows: Vec<_> =
        view.sizes.iter().map(|(name, size)| (name.as_str(), mono(&bytes(*size)))).collect();
    rows.push(("Events", num(view.events)));
    rows.push(("Oldest event", crate::components::optional_stamp(&view.oldest, "none")));
    super::page(shell, "Retention").body(vec![
        section("Retention", vec![post_form(shell.csrf(), &paths::retention(), "form", fields)]),
        section("Space in use", vec![facts(rows)]),
    ])
}
