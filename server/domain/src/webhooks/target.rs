//! Where an endpoint may be: which addresses of the web it may have, and which of the
//! network. The latter is asked again of the address that is connected to, since names
//! lead where they like.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};
use url::{Host, Url};

use base::error::{Error, Result};

pub(super) const MAX_URL_CHARS: usize = 2048;

/// Whether this may be an endpoint, as far as the text tells.
pub(super) fn check(text: &str, private_targets: bool) -> Result<()> {
    if text.len() > MAX_URL_CHARS || text.contains(char::is_whitespace) {
        return Err(Error::invalid(format!(
            "The URL of an endpoint has at most {MAX_URL_CHARS} bytes and no spaces."
        )));
    }
    let url = Url::parse(text).map_err(|_| Error::invalid("This is no absolute URL."))?;
    if !["https", "http"].contains(&url.scheme()) {
        return Err(Error::invalid("The URL of an endpoint begins with https:// or http://."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid("The URL of an endpoint has no user name and no password in it."));
    }
    if url.fragment().is_some() {
        return Err(Error::invalid("The URL of an endpoint has no fragment."));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(Error::invalid("The URL of an endpoint names a host.")),
    };
    match address {
        Some(address) if !private_targets && !is_public(address) => Err(Error::invalid(
            "This address is private. Only the operator of this server can allow such endpoints, with \
             webhook_private_targets.",
        )),
        _ => Ok(()),
    }
}

/// Scheme, host and port.
pub(super) fn origin(text: &str) -> String {
    Url::parse(text).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// Eight digits that differ where the path or the query does.
pub(super) fn path_digest(text: &str) -> String {
    let behind = text.strip_prefix(&origin(text)).unwrap_or(text);
    Sha256::digest(behind.as_bytes())[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an address is one of the internet, which everybody may reach.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// All but what IANA's registry of special addresses keeps for other uses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback.
        (0 | 10 | 127, ..) => true,
        // Shared by customers of a carrier.
        (100, 64..=127, _) => true,
        // Link-local, where clouds have their metadata.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Protocol assignments, documentation, the former relays of 6to4.
        (192, 0, 0 | 2) | (192, 88, 99) => true,
        (192, 168, _) => true,
        // Benchmarks, documentation.
        (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

/// Global unicast, without what stands for another address, and without what is set
/// apart in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [first, second, ..] = address.segments();
    match (first, second) {
        // NAT64 reaches the IPv4 address in its last bytes.
        (0x64, 0xff9b) => {
            let octets = address.octets();
            let embedded = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
            octets[4..12] == [0; 8] && is_public_v4(embedded)
        }
        // Teredo and other protocols, documentation, 6to4.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) => false,
        (0x3fff, 0..=0xfff) => false,
        _ => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::808:808",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "100::1",
        ];
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let public = [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "198.20.0.1",
            "223.255.255.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn urls_say_what_they_may_not_be() {
        for good in [
            "https://example.com/hook?a=b",
            "http://example.com:8080",
            "https://1.1.1.1/",
            "https://[2606:4700::1]/",
        ] {
            check(good, false).unwrap();
        }
        let wrong = [
            "example.com",
            "ftp://example.com",
            "https://ann:secret@example.com",
            "https://ann@example.com",
            "https://example.com/#part",
            "https:// example.com",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:a00:1]/",
            "file:///etc/passwd",
            "data:text/plain,x",
        ];
        for text in wrong {
            assert!(check(text, false).is_err(), "{text}");
        }
        check("http://127.0.0.1:9/", true).unwrap();
        assert!(check(&format!("https://example.com/{}", "x".repeat(MAX_URL_CHARS)), false).is_err());
    }
}
