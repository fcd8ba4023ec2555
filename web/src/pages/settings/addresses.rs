//! Under which address the server is reached, whose word it takes for a client's
//! address, and where notices go.

use crate::components::{
    Field, action, area, facts, form_error, input, mono, note, nothing, post_form, section, submit, warning,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::addresses`]: `leak_webhook`, `leak_mail`, `alert_webhook`.
/// What the server was started with is shown, not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressesView {
    pub form: FormState,
    pub public_url: Option<String>,
    pub listen: String,
    pub trusted_proxies: Vec<String>,
    /// The reader's own address, as the server sees it now.
    pub your_ip: String,
    /// Whether a proxy's header was there that is not believed.
    pub untrusted_header: bool,
    pub smtp: Option<String>,
}

pub fn addresses(shell: &Shell, view: &AddressesView) -> String {
    let form = &view.form;
    let rows = vec![
        ("Public address", view.public_url.as_deref().map_or_else(|| nothing("not set"), mono)),
        ("Listens on", mono(&view.listen)),
        (
            "Trusted proxies",
            if view.trusted_proxies.is_empty() {
                nothing("none")
            } else {
                crate::components::tags(&view.trusted_proxies)
            },
        ),
        ("Your address, as seen here", mono(&view.your_ip)),
        ("Mail", view.smtp.as_deref().map_or_else(|| nothing("not set"), mono)),
    ];
    let mut body = Vec::new();
    if view.untrusted_header {
        body.push(warning("A proxy sends X-Forwarded-For but is not among the trusted proxies, so its own address counts as the client's. Set UNKEY_TRUSTED_PROXIES."));
    }
    if view.public_url.is_none() {
        body.push(warning("Without UNKEY_PUBLIC_URL, links in invitations and portals name the address the server listens on."));
    }
    let fields = vec![
        form_error(form),
        input(form, Field::text("leak_webhook", "Webhook for leak notices").of_kind("url").mono()),
        input(form, Field::text("leak_mail", "E-mail for leak notices").of_kind("email")),
        area(form, Field::text("alert_webhook", "Webhooks for alerts").mono().rows(2).help("One a line.")),
        action("", vec![submit("Save", "primary")]),
    ];
    body.extend([
        section(
            "Addresses",
            vec![facts(rows), note("Set by flag, environment or file when the server starts.")],
        ),
        section("Notices", vec![post_form(shell.csrf(), &paths::addresses(), "form", fields)]),
    ]);
    super::page(shell, "Addresses").body(body)
}
