//! Who called: the peer of the connection, or whom a trusted proxy forwarded for.
//!
//! Proxies append, so the header is read from the right. Each address that is a
//! trusted proxy's vouches for the one before it; the first that is not is the
//! client. Whatever stands left of it a client may have written, and nothing of
//! it is looked at. A part that cannot be read ends the walk as well, because the
//! one before it is vouched for by nobody: then the client is unknown.
//!
//! One header is believed, `X-Forwarded-For` or `Forwarded` (RFC 7239), as
//! configured; a proxy that sets one of them passes the other on untouched.

mod element;

use std::net::IpAddr;

use ipnet::IpNet;
use poem::Request;
use poem::http::header::{FORWARDED, HeaderMap, HeaderName};

use base::address::ClientAddress;
use base::config::{AddressHeader, Config};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address a request comes from.
pub fn of_request(request: &Request, config: &Config) -> ClientAddress {
    let Some(peer) = request.remote_addr().as_socket_addr() else { return ClientAddress::NONE };
    of_peer(peer.ip(), request.headers(), &config.trusted_proxies, config.client_address_header)
}

fn of_peer(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], header: AddressHeader) -> ClientAddress {
    let peer = peer.to_canonical();
    let is_trusted = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    if !is_trusted(peer) {
        return ClientAddress::direct(peer);
    }
    let client = match header {
        AddressHeader::XForwardedFor => {
            let lines = headers.get_all(&X_FORWARDED_FOR).iter().rev();
            let parts = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
            client(peer, parts.map(element::node), is_trusted)
        }
        AddressHeader::Forwarded => {
            let lines = headers.get_all(FORWARDED).iter().rev();
            let parts = lines.flat_map(|line| element::from_right(line.as_bytes()));
            client(peer, parts.map(element::forwarded_for), is_trusted)
        }
    };
    ClientAddress::behind(peer, client)
}

/// Walks the addresses from the right. Where all are trusted proxies, the one
/// farthest away is the client, as is the peer of a request without a header.
fn client(
    peer: IpAddr,
    addresses: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut client = peer;
    for address in addresses {
        client = address?;
        if !is_trusted(client) {
            break;
        }
    }
    Some(client)
}

#[cfg(test)]
mod tests;
