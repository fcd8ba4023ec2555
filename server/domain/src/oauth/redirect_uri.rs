//! Where answers may be sent: what a client may register, and what counts as
//! registered (RFC 6749 3.1.2, RFC 8252 7, RFC 9700 2.1).
//!
//! An address is compared as text, character by character. The one freedom is the
//! port of a loopback address, because a program on somebody's machine takes
//! whichever is free.

use url::{Host, Url};

/// Longer addresses are none.
pub(super) const MAX_BYTES: usize = 512;

/// Schemes that editors and assistants have registered with operating systems.
/// Others must look like a domain name read backwards, as RFC 8252 wants them:
/// there are handlers on people's machines that must not be started from here.
const APPS: [&str; 10] = [
    "cursor",
    "vscode",
    "vscode-insiders",
    "vscodium",
    "windsurf",
    "windsurf-next",
    "claude",
    "codex",
    "kiro",
    "zed",
];

/// Parameters of answers, which must not be there twice.
const ANSWERED: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// What is wrong with an address, for the developer of a client.
pub(super) fn problem(uri: &str) -> Option<&'static str> {
    if uri.is_empty() || uri.len() > MAX_BYTES {
        return Some("has 1 to 512 bytes");
    }
    // Browsers drop or turn what is left out here, and would go elsewhere.
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`'))
    {
        return Some("is of printable ASCII without space, quotes, brackets and backslashes");
    }
    let Ok(url) = Url::parse(uri) else { return Some("is an absolute address") };
    if uri.contains('#') {
        return Some("has no fragment");
    }
    if matches!(url.scheme(), "http" | "https") && !has_slashes(uri) {
        return Some("is an absolute address");
    }
    if url.query_pairs().any(|(name, _)| ANSWERED.contains(&&*name)) {
        return Some("leaves code, state, iss and error to the answer");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("names no user");
    }
    match url.scheme() {
        // What else a host may have would end a part of a policy, or look like another.
        "https" | "http" if !has_plain_host(&url) => Some("has a host of letters, digits, dots and hyphens"),
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => {
            Some("is https unless it is of this machine: http://127.0.0.1, http://[::1] or http://localhost")
        }
        scheme if APPS.contains(&scheme) || scheme.contains('.') => None,
        _ => Some("is https, http on loopback, or of an application's own scheme, such as com.example.app"),
    }
}

/// Whether a client that registered `registered` may be answered at `asked`.
pub(super) fn is_same(registered: &str, asked: &str) -> bool {
    registered == asked || without_port(registered).is_some_and(|own| without_port(asked) == Some(own))
}

/// What an address on loopback is apart from its port.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let url = Url::parse(uri).ok().filter(|url| url.scheme() == "http" && is_loopback(url))?;
    problem(uri).is_none().then_some(())?;
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // The host of IPv6 holds colons itself.
    let has_port = url.port().is_some() || authority.ends_with(":80");
    let host = if has_port { authority.rsplit_once(':')?.0 } else { authority };
    Some((host, path))
}

/// Browsers take `https:example.com` for an address of the page they are on.
fn has_slashes(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"))
}

fn has_plain_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(ip)) => ip == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// Where an answer goes, as people recognise it: a host, or the scheme of an
/// application.
pub(super) fn destination(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let host = url.host_str().unwrap_or_default();
            match url.port() {
                _ if is_loopback(&url) => format!("{host}, a program on your computer"),
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            }
        }
        Ok(url) => format!("the application that opens {}: addresses", url.scheme()),
        Err(_) => String::new(),
    }
}

/// What a content security policy calls the place a form ends at (`form-action`).
pub(super) fn policy_source(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    match (url.scheme(), url.host()) {
        // Policies have no addresses of IPv6.
        ("http", Some(Host::Ipv6(_))) => "http:".to_owned(),
        ("http" | "https", Some(_)) => url.origin().ascii_serialization(),
        (scheme, _) => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_may_be_registered() {
        for uri in [
            "https://example.com/callback?a=b",
            "https://example.com",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:33418",
            "http://localhost:3334/oauth/callback",
            "http://[::1]:1/x",
            "cursor://anysphere.cursor-retrieval/oauth/user-unkey/callback",
            "vscode://vscode.github-authentication/did-authenticate",
            "com.example.app:/oauth",
        ] {
            assert_eq!(problem(uri), None, "{uri}");
        }
        for uri in [
            "",
            "/callback",
            "callback",
            "https://",
            "https:example.com",
            "https:/example.com/x",
            "https://example.com/cb?state=x",
            "cursor://a/b?iss=https://evil.example",
            "http://example.com/",
            "http://127.0.0.2/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://example.com/#fragment",
            "https://example.com/#",
            "https://example.com/a b",
            "https://example.com/\n",
            "https://exam\\ple.com/",
            "https://a;script-src.example.com/",
            "https://a,b.example.com/",
            "https://example.com/ü",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\tscript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.com/x",
            "ms-msdt:/id",
            "mailto:a@example.com",
            "about:blank",
            &format!("https://example.com/{}", "a".repeat(MAX_BYTES)),
        ] {
            assert!(problem(uri).is_some(), "{uri}");
        }
    }

    #[test]
    fn only_the_port_of_loopback_is_free() {
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:5/cb"),
            ("http://127.0.0.1:7/cb", "http://127.0.0.1:65535/cb"),
            ("http://localhost:7/cb?x", "http://localhost/cb?x"),
            ("http://[::1]:7/", "http://[::1]:80/"),
            ("http://127.0.0.1", "http://127.0.0.1:9"),
        ] {
            assert!(is_same(registered, asked), "{registered} {asked}");
        }
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:5/cb/"),
            ("http://127.0.0.1/cb", "http://localhost:5/cb"),
            ("http://127.0.0.1/cb", "http://[::1]/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5/cb?x"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:5/"),
            ("https://example.com/cb", "https://example.com:8443/cb"),
            ("https://example.com/cb", "https://example.com/CB"),
            ("https://example.com/cb", "https://example.com/cb?x"),
            ("https://example.com/cb", "https://EXAMPLE.com/cb"),
            ("cursor://a/b", "cursor://a/b/"),
        ] {
            assert!(!is_same(registered, asked), "{registered} {asked}");
        }
    }

    #[test]
    fn people_and_policies_are_told_where_it_goes() {
        for (uri, destination_of, source) in [
            ("https://example.com:8443/x", "example.com:8443", "https://example.com:8443"),
            ("http://127.0.0.1:5/x", "127.0.0.1, a program on your computer", "http://127.0.0.1:5"),
            ("http://[::1]:5/x", "[::1], a program on your computer", "http:"),
            ("cursor://a/b", "the application that opens cursor: addresses", "cursor:"),
        ] {
            assert_eq!((destination(uri).as_str(), policy_source(uri).as_str()), (destination_of, source));
        }
    }

    fn any_uri() -> impl Strategy<Value = String> {
        let scheme = prop_oneof!["http", "https", "cursor", "javascript", "[a-z.]{1,8}"];
        let host = prop_oneof![
            Just("127.0.0.1".to_owned()),
            Just("localhost".to_owned()),
            Just("[::1]".to_owned()),
            "[a-z.@:]{0,12}"
        ];
        let port = prop_oneof![Just(String::new()), (0_u32..70_000).prop_map(|port| format!(":{port}"))];
        (scheme, host, port, "[/a-z?#@:.]{0,8}")
            .prop_map(|(scheme, host, port, path)| format!("{scheme}://{host}{port}{path}"))
    }

    proptest! {
        #[test]
        fn whatever_counts_as_registered_leads_to_the_same_place(registered in any_uri(), asked in any_uri()) {
            if problem(&registered).is_none() && registered != asked && is_same(&registered, &asked) {
                let [mut one, mut other] = [&registered, &asked].map(|uri| Url::parse(uri).unwrap());
                prop_assert!(problem(&asked).is_none(), "{}", asked);
                prop_assert!(is_loopback(&one) && is_loopback(&other));
                one.set_port(None).unwrap();
                other.set_port(None).unwrap();
                prop_assert_eq!(one, other);
            }
        }

        #[test]
        fn every_port_of_loopback_counts(host in prop_oneof!["127\\.0\\.0\\.1", "localhost", "\\[::1\\]"], ports: (u16, u16), path in "/[a-z/]{0,9}") {
            let [one, other] = [ports.0, ports.1].map(|port| format!("http://{host}:{port}{path}"));
            prop_assert!(is_same(&one, &other));
            let bare = format!("http://{host}{path}");
            prop_assert!(is_same(&bare, &other));
        }

        #[test]
        fn nothing_but_web_and_applications_passes(text in "\\PC{0,40}") {
            if problem(&text).is_none() {
                let scheme = Url::parse(&text).unwrap().scheme().to_owned();
                prop_assert!(scheme == "https" || scheme == "http" || scheme.contains('.') || APPS.contains(&scheme.as_str()));
            }
        }
    }
}
