//! Network addresses: where a call comes from, networks as people write them,
//! and whom one address stands for.
//!
//! An IPv4 address in the form of an IPv6 one (`::ffff:192.0.2.1`) is the IPv4
//! address everywhere. How headers of proxies are read belongs to `http`.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// Where a call comes from, as far as that can be told.
///
/// The two questions have two answers: lists of addresses and records want the
/// client or nothing, budgets count whoever can be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress {
    known: Option<IpAddr>,
    peer: Option<IpAddr>,
}

impl ClientAddress {
    /// Of a call that came over no network.
    pub const NONE: Self = Self { known: None, peer: None };

    /// Of a client at the other end of the connection.
    pub fn direct(peer: IpAddr) -> Self {
        Self::behind(peer, Some(peer))
    }

    /// Of a client behind the proxy at the other end; `None` if what the proxy
    /// says of it cannot be read.
    pub fn behind(peer: IpAddr, client: Option<IpAddr>) -> Self {
        Self { known: client.map(|ip| ip.to_canonical()), peer: Some(peer.to_canonical()) }
    }

    /// The address of the client. Without one no list lets it pass.
    pub fn known(self) -> Option<IpAddr> {
        self.known
    }

    /// Whom to charge: the client, or the proxy that does not say who it is.
    pub fn counted(self) -> Option<IpAddr> {
        self.known.or(self.peer)
    }
}

/// Reads an address, or a network in CIDR notation; host bits are dropped.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let net = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?.trunc(),
    };
    Some(canonical(net))
}

fn canonical(net: IpNet) -> IpNet {
    let mapped = match net {
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    mapped.and_then(|(address, bits)| Ipv4Net::new(address, bits).ok()).map_or(net, IpNet::V4)
}

/// The network of `ip` that counts as one caller: the address itself of IPv4,
/// the first so many bits of IPv6, where everybody has many.
pub fn block(ip: IpAddr, v6_bits: u32) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let host_bits = 128_u32.saturating_sub(v6_bits);
            let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn lists_get_the_client_and_budgets_somebody() {
        let direct = ClientAddress::direct(ip("::ffff:192.0.2.1"));
        assert_eq!((direct.known(), direct.counted()), (Some(ip("192.0.2.1")), Some(ip("192.0.2.1"))));
        let behind = ClientAddress::behind(ip("10.0.0.1"), Some(ip("192.0.2.1")));
        assert_eq!((behind.known(), behind.counted()), (Some(ip("192.0.2.1")), Some(ip("192.0.2.1"))));
        let hidden = ClientAddress::behind(ip("10.0.0.1"), None);
        assert_eq!((hidden.known(), hidden.counted()), (None, Some(ip("10.0.0.1"))));
        assert_eq!((ClientAddress::NONE.known(), ClientAddress::NONE.counted()), (None, None));
    }

    #[test]
    fn networks_are_read_in_one_form() {
        for (written, read) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
            ("2001:DB8::1/32", "2001:db8::/32"),
        ] {
            assert_eq!(parse_network(written).map(|net| net.to_string()).as_deref(), Some(read), "{written}");
        }
        for wrong in ["", "localhost", "10.0.0.1/33", "10.0.0", "1.2.3.4 5.6.7.8"] {
            assert_eq!(parse_network(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neighbours_in_an_ipv6_network_are_one() {
        let of = |text: &str| block(ip(text), 64);
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(block(ip("2001:db8:1:2::1"), 48), ip("2001:db8:1::"));
        assert_eq!(
            (block(ip("2001:db8::1"), 0), block(ip("2001:db8::1"), 128)),
            (ip("::"), ip("2001:db8::1"))
        );
    }
}
