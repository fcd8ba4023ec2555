use poem::http::HeaderValue;
use proptest::prelude::*;

use super::*;

const PEER: &str = "10.0.0.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn trusted() -> Vec<IpNet> {
    ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec()
}

fn headers(name: &HeaderName, lines: &[impl AsRef<[u8]>]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_ref()).unwrap());
    }
    headers
}

fn read(header: AddressHeader, lines: &[impl AsRef<[u8]>]) -> Option<IpAddr> {
    let name = match header {
        AddressHeader::XForwardedFor => &X_FORWARDED_FOR,
        AddressHeader::Forwarded => &FORWARDED,
    };
    let read = of_peer(ip(PEER), &headers(name, lines), &trusted(), header);
    assert_eq!(read.counted(), Some(read.known().unwrap_or(ip(PEER))));
    read.known()
}

fn x_forwarded_for(lines: &[&str]) -> Option<String> {
    read(AddressHeader::XForwardedFor, lines).map(|ip| ip.to_string())
}

fn forwarded(lines: &[&str]) -> Option<String> {
    read(AddressHeader::Forwarded, lines).map(|ip| ip.to_string())
}

#[test]
fn addresses_are_read_as_proxies_write_them() {
    for (written, address) in [
        ("198.51.100.9", "198.51.100.9"),
        ("198.51.100.9:51234", "198.51.100.9"),
        ("\t 198.51.100.9 ", "198.51.100.9"),
        ("\"198.51.100.9\"", "198.51.100.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("\"[::1]:80\"", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("[::ffff:198.51.100.9]:80", "198.51.100.9"),
        ("198.51.100.9:_hidden", "198.51.100.9"),
    ] {
        assert_eq!(x_forwarded_for(&[written]).as_deref(), Some(address), "{written}");
        assert_eq!(
            x_forwarded_for(&[&format!("203.0.113.7, {written}")]).as_deref(),
            Some(address),
            "{written}"
        );
    }
}

#[test]
fn what_cannot_be_read_ends_the_walk() {
    for unreadable in [
        "",
        " ",
        "unknown",
        "_hidden",
        "unix:",
        "-",
        "198.51.100.9:",
        "198.51.100.9:65536",
        "198.51.100.9:8o",
        "198.51.100.9 :80",
        "198.51.100",
        "198.51.100.09",
        "198.51.100.9/32",
        "[198.51.100.9]:80",
        "[2001:db8::1",
        "[2001:db8::1]443",
        "2001:db8::1]",
        "\"198.51.100.9",
        "198.51.100.9\"",
        "fe80::1%",
        "fe80::1%a b",
        "198.51.100.9%eth0",
        "198.51.100.9:80:80",
        "198.51.100.9;198.51.100.8",
        "\u{661}98.51.100.9",
        "example.com",
    ] {
        let line = format!("203.0.113.7, {unreadable}");
        assert_eq!(x_forwarded_for(&[&line]), None, "{line}");
        assert_eq!(x_forwarded_for(&["203.0.113.7", unreadable]), None, "{line}, in two lines");
        assert_eq!(x_forwarded_for(&[&format!("{line}, 10.0.0.2")]), None, "{line}, then a proxy");
        assert_eq!(x_forwarded_for(&[&format!("{unreadable}, 203.0.113.7")]).as_deref(), Some("203.0.113.7"));
    }
    let bytes: &[&[u8]] = &[b"203.0.113.7", b"198.51.100.9\xff"];
    assert_eq!(read(AddressHeader::XForwardedFor, bytes), None);
}

#[test]
fn trusted_proxies_are_passed_over() {
    assert_eq!(
        x_forwarded_for(&["203.0.113.7, 198.51.100.9, fd00::1, 10.9.9.9:80"]).as_deref(),
        Some("198.51.100.9")
    );
    assert_eq!(x_forwarded_for(&["198.51.100.9", "10.0.0.2"]).as_deref(), Some("198.51.100.9"));
    assert_eq!(x_forwarded_for(&["10.0.0.3, ::ffff:10.0.0.2"]).as_deref(), Some("10.0.0.3"), "all of them");
    assert_eq!(x_forwarded_for(&[]).as_deref(), Some(PEER), "no header");
}

#[test]
fn a_stranger_is_who_they_are_whatever_they_send() {
    let stranger = ip("198.51.100.9");
    for header in [AddressHeader::XForwardedFor, AddressHeader::Forwarded] {
        for (name, line) in [(&X_FORWARDED_FOR, "203.0.113.7"), (&FORWARDED, "for=203.0.113.7")] {
            let sent = headers(name, &[line]);
            assert_eq!(of_peer(stranger, &sent, &trusted(), header), ClientAddress::direct(stranger));
            assert_eq!(of_peer(ip(PEER), &sent, &[], header), ClientAddress::direct(ip(PEER)));
        }
    }
}

#[test]
fn only_the_header_that_is_configured_counts() {
    let mut both = headers(&X_FORWARDED_FOR, &["198.51.100.9"]);
    both.insert(FORWARDED, HeaderValue::from_static("for=203.0.113.7"));
    let read = |header| of_peer(ip(PEER), &both, &trusted(), header).known();
    assert_eq!(read(AddressHeader::XForwardedFor), Some(ip("198.51.100.9")));
    assert_eq!(read(AddressHeader::Forwarded), Some(ip("203.0.113.7")));
}

#[test]
fn forwarded_is_read_as_its_standard_has_it() {
    for (written, address) in [
        ("for=198.51.100.9", "198.51.100.9"),
        ("For=\"198.51.100.9:51234\";proto=https;by=10.0.0.1", "198.51.100.9"),
        ("proto=http; FOR=198.51.100.9 ;host=\"a,b;for=203.0.113.7\"", "198.51.100.9"),
        ("host=\"a\\\"b,c\";for=\"[2001:db8::1%eth0]:443\"", "2001:db8::1"),
        ("for=[2001:db8::1]:443", "2001:db8::1"),
        ("for=198.51.100.9;", "198.51.100.9"),
    ] {
        assert_eq!(forwarded(&[written]).as_deref(), Some(address), "{written}");
        assert_eq!(
            forwarded(&[&format!("for=203.0.113.7, {written}, for=10.0.0.2")]).as_deref(),
            Some(address)
        );
    }
    for unreadable in [
        "",
        "for=",
        "for=unknown",
        "for=_hidden",
        "198.51.100.9",
        "by=198.51.100.9",
        "for=\"198.51.100.9",
        "for=198.51.100.9;for=203.0.113.7",
        "for=198.51.100.9 x",
        "for=\"198.51.100.9\"x",
        "for =198.51.100.9",
        "for=\"198.51.100.9\\",
        "host=\"x\";for=198.51.100.9;proto",
        "for=\"198\\.51.100.9\"",
    ] {
        assert_eq!(forwarded(&[&format!("for=203.0.113.7, {unreadable}")]), None, "{unreadable}");
    }
    let open = "for=203.0.113.7;x=\", for=\"[2001:db8::9]\"";
    assert_eq!(forwarded(&[open]).as_deref(), Some("2001:db8::9"), "a quote left open swallows nothing");
}

fn address() -> impl Strategy<Value = IpAddr> {
    let any_ip =
        prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u16; 8]>().prop_map(IpAddr::from)];
    any_ip.prop_map(|ip| ip.to_canonical())
}

fn stranger() -> impl Strategy<Value = IpAddr> {
    address().prop_filter("a trusted proxy", |ip| !trusted().iter().any(|net| net.contains(ip)))
}

fn proxy() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
        any::<[u16; 7]>().prop_map(|[a, b, c, d, e, f, g]| IpAddr::from([0xfd00, a, b, c, d, e, f, g])),
    ]
}

/// An address as one proxy or another writes it.
fn written(ip: IpAddr, form: u8, header: AddressHeader) -> Vec<u8> {
    let node = match (ip, form % 4) {
        (IpAddr::V4(ip), 0) => format!("{ip}:{}", u16::from(form) * 251),
        (IpAddr::V4(ip), 1) => format!("::ffff:{ip}"),
        (IpAddr::V6(ip), 0) => format!("[{ip}]:{}", u16::from(form) * 251),
        (IpAddr::V6(ip), 1) => format!("{ip}%eth0"),
        (ip, 2) => ip.to_string(),
        (ip, _) => format!("\"{ip}\""),
    };
    let text = match (header, node.starts_with('"')) {
        (AddressHeader::XForwardedFor, _) => node,
        (AddressHeader::Forwarded, true) => format!("proto=https;for={node}"),
        (AddressHeader::Forwarded, false) => format!("for=\"{node}\";host=\"a, \\\"b\""),
    };
    text.into_bytes()
}

/// What a client may put into a header: any bytes that a header can hold.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(b"0123456789.:,;=\"\\[]% for".to_vec()),
        1 => (0x20_u8..=0xff).prop_filter("no delete", |byte| *byte != 0x7f),
    ];
    prop::collection::vec(byte, 0..40)
}

fn header_kind() -> impl Strategy<Value = AddressHeader> {
    prop::sample::select(vec![AddressHeader::XForwardedFor, AddressHeader::Forwarded])
}

/// Lines of a header: elements joined by commas, a line ended where `breaks` says.
fn lines(elements: &[Vec<u8>], breaks: &[bool]) -> Vec<Vec<u8>> {
    let mut lines = vec![Vec::new()];
    for (position, element) in elements.iter().enumerate() {
        if position > 0 && breaks.get(position).copied().unwrap_or(false) {
            lines.push(Vec::new());
        } else if position > 0 {
            lines.last_mut().unwrap().extend_from_slice(b", ");
        }
        lines.last_mut().unwrap().extend_from_slice(element);
    }
    lines
}

proptest! {
    #[test]
    fn nothing_on_the_left_changes_the_client(
        header in header_kind(),
        left in prop::collection::vec(garbage(), 0..4),
        client in stranger(),
        proxies in prop::collection::vec(proxy(), 0..4),
        forms: [u8; 5],
        breaks: [bool; 9],
    ) {
        let mut elements = left;
        let vouched = std::iter::once(client).chain(proxies);
        elements.extend(vouched.zip(forms).map(|(ip, form)| written(ip, form, header)));
        prop_assert_eq!(read(header, &lines(&elements, &breaks)), Some(client));
    }

    #[test]
    fn the_client_is_unknown_where_a_part_cannot_be_read(
        header in header_kind(),
        left in prop::collection::vec(prop_oneof![garbage(), stranger().prop_map(|ip| ip.to_string().into_bytes())], 0..4),
        unreadable in garbage(),
        proxies in prop::collection::vec(proxy(), 0..4),
        forms: [u8; 5],
        breaks: [bool; 9],
    ) {
        prop_assume!(!unreadable.contains(&b',') && !unreadable.contains(&b'"'));
        let own = match header {
            AddressHeader::XForwardedFor => element::node(&unreadable),
            AddressHeader::Forwarded => element::forwarded_for(&unreadable),
        };
        prop_assume!(own.is_none());
        let mut elements = left;
        elements.push(unreadable);
        elements.extend(proxies.into_iter().zip(forms).map(|(ip, form)| written(ip, form, header)));
        prop_assert_eq!(read(header, &lines(&elements, &breaks)), None);
    }

    #[test]
    fn any_bytes_are_handled(header in header_kind(), left in prop::collection::vec(garbage(), 0..6)) {
        read(header, &left);
    }
}
