//! Under which address the server is reached, and whose word it takes for a
//! client's address.

use crate::View;
use crate::components::{facts, link, mono, note, nothing, section, tags, warning};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};

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
    let proxies =
        if view.trusted_proxies.is_empty() { nothing(common::NONE) } else { tags(&view.trusted_proxies) };
    let rows = vec![
        (text::PUBLIC_ADDRESS, maybe(&view.public_url, common::NOT_SET)),
        (text::LINKS_LEAD_TO, mono(&view.origin)),
        (text::LISTENS_ON, mono(&view.listen)),
        (text::CERTIFICATE, maybe(&view.certificate, text::NONE_PLAIN_HTTP)),
        (text::METRICS, maybe(&view.metrics, text::OFF)),
        (text::TRUSTED_PROXIES, proxies),
        (text::YOUR_ADDRESS_AS_SEEN_HERE, maybe(&view.your_ip, common::UNKNOWN)),
    ];
    let mut body = Vec::new();
    if let Some(failure) = &view.certificate_failure {
        body.push(warning(&text::no_new_certificate(failure)));
    }
    if view.public_url.is_none() {
        body.push(warning(text::WITHOUT_PUBLIC_URL));
    }
    let proxy =
        if view.trusted_proxies.is_empty() { text::BEHIND_A_PROXY } else { text::CLIENTS_OF_THESE_PROXIES };
    body.push(section(
        text::ADDRESSES,
        vec![
            facts(rows),
            note(proxy),
            note(text::SET_WHEN_THE_SERVER_STARTS),
            link(text::HTTPS, &paths::doc("tls")),
            link(text::LINK_BEHIND_A_REVERSE_PROXY, &paths::doc("reverse-proxy")),
        ],
    ));
    super::page(shell, text::ADDRESSES).body(body)
}
