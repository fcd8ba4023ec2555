//! Under which address the server is reached, and whose word it takes for a
//! client's address.

use crate::View;
use crate::components::{facts, link, mono, note, nothing, section, tags, warning};
use crate::paths;
use crate::shell::Shell;

/// What the server was started with is shown, not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressesView {
    pub public_url: Option<String>,
    /// Where links in invitations lead.
    pub origin: String,
    pub listen: String,
    /// How long the certificate is good, where the server speaks HTTPS itself.
    pub certificate: Option<String>,
    /// Why there is no newer one, if there should be.
    pub certificate_failure: Option<String>,
    pub metrics: Option<String>,
    pub trusted_proxies: Vec<String>,
    /// The reader's own address, as the server sees it now.
    pub your_ip: Option<String>,
}

pub fn addresses(shell: &Shell, view: &AddressesView) -> String {
    let maybe = |text: &Option<String>, absent: &'static str| -> View {
        text.as_deref().map_or_else(|| nothing(absent), mono)
    };
    let proxies = if view.trusted_proxies.is_empty() { nothing("none") } else { tags(&view.trusted_proxies) };
    let rows = vec![
        ("Public address", maybe(&view.public_url, "not set")),
        ("Links lead to", mono(&view.origin)),
        ("Listens on", mono(&view.listen)),
        ("Certificate", maybe(&view.certificate, "none: plain HTTP")),
        ("Metrics", maybe(&view.metrics, "off")),
        ("Trusted proxies", proxies),
        ("Your address, as seen here", maybe(&view.your_ip, "unknown")),
    ];
    let mut body = Vec::new();
    if let Some(failure) = &view.certificate_failure {
        body.push(warning(&format!("There is no new certificate: {failure}.")));
    }
    if view.public_url.is_none() {
        body.push(warning(
            "Without UNKEY_PUBLIC_URL, links in invitations and portals name the address the server listens on.",
        ));
    }
    let proxy = if view.trusted_proxies.is_empty() {
        "Behind a proxy, every client has the proxy's address until UNKEY_TRUSTED_PROXIES names it: \
         if your address above is not yours, set it."
    } else {
        "Clients of these proxies are known by the address the proxy forwards. \
         If your address above is not yours, one of the proxies is missing."
    };
    body.push(section(
        "Addresses",
        vec![
            facts(rows),
            note(proxy),
            note("Set by flag, environment or file when the server starts."),
            link("HTTPS", &paths::doc("tls")),
            link("Behind a reverse proxy", &paths::doc("reverse-proxy")),
        ],
    ));
    super::page(shell, "Addresses").body(body)
}
