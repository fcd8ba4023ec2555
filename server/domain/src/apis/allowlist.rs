//! The list of addresses that may use the keys of an API: how it is written,
//! stored and read. Deciding whether a caller is on it is verification's part.

use std::collections::HashSet;

use ipnet::IpNet;

use base::address::parse_network;
use base::error::{Error, Field, Result};

/// Addresses and networks in one list.
pub const MAX_ADDRESSES: usize = 1000;

/// Reads a comma-separated list of addresses and CIDR ranges. Empty parts are
/// skipped, host bits below a mask are dropped, duplicates go.
///
/// Fails with `invalid_input` naming the part that is neither.
pub fn parse(text: &str) -> Result<Vec<IpNet>> {
    let (mut nets, mut seen) = (Vec::new(), HashSet::new());
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let net = parse_network(part).ok_or_else(|| {
            let detail = format!("'{part}' is neither an IP address nor a CIDR range.");
            Error::invalid(detail).at(Field::Addresses)
        })?;
        if seen.insert(net) {
            nets.push(net);
        }
    }
    Ok(nets)
}

/// Reads a list that somebody wants. Fails as [`parse`], and for more than
/// [`MAX_ADDRESSES`]: verification looks at one after the other.
pub fn wanted(text: &str) -> Result<Vec<IpNet>> {
    let nets = parse(text)?;
    if nets.len() > MAX_ADDRESSES {
        return Err(
            Error::invalid(format!("A list has at most {MAX_ADDRESSES} addresses.")).at(Field::Addresses)
        );
    }
    Ok(nets)
}

/// Fails with `invalid_input` if something was written as a list and no address is
/// in it: to be stored as no list, which lets every address in.
pub fn refuse_blank(text: &str, nets: &[IpNet]) -> Result<()> {
    if nets.is_empty() && !text.trim().is_empty() {
        let detail = format!("There is no address in '{text}'. Leave it empty to allow every address.");
        return Err(Error::invalid(detail).at(Field::Addresses));
    }
    Ok(())
}

/// The stored form: parts joined by commas, single addresses without a mask.
/// `None` when the list is empty, which means that every address may.
pub fn to_text(nets: &[IpNet]) -> Option<String> {
    let part = |net: &IpNet| {
        if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
    };
    (!nets.is_empty()).then(|| nets.iter().map(part).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_normalised() {
        for (written, stored) in [
            ("", None),
            (" , ", None),
            ("10.0.0.1", Some("10.0.0.1")),
            (" 10.1.2.3/8 ,::1, 10.0.0.0/8,", Some("10.0.0.0/8,::1")),
            ("192.0.2.7/32,192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7,::ffff:192.0.2.7/128", Some("192.0.2.7")),
            ("2001:DB8::/32", Some("2001:db8::/32")),
        ] {
            assert_eq!(to_text(&parse(written).unwrap()).as_deref(), stored, "{written}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for written in ["localhost", "10.0.0.1/33", "10.0.0", "1.2.3.4 5.6.7.8"] {
            let refused = parse(written).unwrap_err();
            assert!(refused.detail().contains(written), "{}", refused.detail());
        }
    }
}
