//! One element of `X-Forwarded-For` or `Forwarded`, and the address it holds.
//!
//! Bytes, not text: a header may hold any. Nothing is guessed: what is no
//! address in one of the forms below is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of a node, with or without a port:
/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`,
/// `"[2001:db8::1]:443"`, `fe80::1%eth0`.
///
/// An IPv6 address with a port has brackets: without them, the port is a part of
/// the address.
pub(super) fn node(bytes: &[u8]) -> Option<IpAddr> {
    let text = unquoted(std::str::from_utf8(bytes).ok()?.trim_matches([' ', '\t']))?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return is_port(port).then(|| v6(address)).flatten();
    }
    if let Some(address) = v6(text) {
        return Some(address);
    }
    let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    let address: Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(IpAddr::V4(address))
}

/// Without the quotes around it, if there are two.
fn unquoted(text: &str) -> Option<&str> {
    match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(text),
    }
}

/// The zone names an interface of the proxy: nobody else can use it.
fn v6(text: &str) -> Option<IpAddr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "none"));
    let is_zone = !zone.is_empty()
        && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-'));
    let address: Ipv6Addr = address.parse().ok()?;
    is_zone.then(|| address.to_canonical())
}

/// Nothing, `:80`, or a port that a proxy keeps to itself: `:_abc`.
fn is_port(text: &str) -> bool {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty() };
    match port.strip_prefix('_') {
        Some(name) => {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        }
        None => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
    }
}

/// The elements of one line of `Forwarded`, the last one first.
///
/// A comma in quotes separates nothing. Quotes are counted from the right, so
/// that one a client left open cannot swallow what proxies appended.
pub(super) fn from_right(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let mut in_quotes = false;
        for at in (0..line.len()).rev() {
            match line[at] {
                b'"' if !(in_quotes && is_escaped(line, at)) => in_quotes = !in_quotes,
                b',' if !in_quotes => {
                    rest = Some(&line[..at]);
                    return Some(&line[at + 1..]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(line)
    })
}

/// Whether an odd number of backslashes stands before a byte.
fn is_escaped(line: &[u8], at: usize) -> bool {
    line[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in `for=` of one element of `Forwarded`. An element that is not
/// well formed, or names it twice, has none.
pub(super) fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    let mut rest = element.trim_ascii();
    while !rest.is_empty() {
        let (name, value) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'=')?)?;
        let value = &value[1..];
        let end = value_end(value)?;
        if name.eq_ignore_ascii_case(b"for") && found.replace(&value[..end]).is_some() {
            return None;
        }
        rest = match value[end..].trim_ascii_start() {
            [b';', rest @ ..] => rest.trim_ascii_start(),
            [] => &[],
            _ => return None,
        };
    }
    node(found?)
}

/// Where a token or a quoted text ends.
fn value_end(value: &[u8]) -> Option<usize> {
    if value.first() != Some(&b'"') {
        let is_end = |byte: &u8| matches!(byte, b';' | b'"' | b' ' | b'\t');
        return Some(value.iter().position(is_end).unwrap_or(value.len()));
    }
    let mut at = 1;
    loop {
        match value.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
