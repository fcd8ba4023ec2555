//! Content codings, and which of them a client accepts.

use poem::http::header::{ACCEPT_ENCODING, HeaderMap};

/// A way to write content in fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

/// Elements of an `Accept-Encoding` that are looked at. There are seven codings in all.
const MOST_ELEMENTS: usize = 32;

/// The weight of what is accepted, in thousandths.
const FULL: u16 = 1000;

impl Coding {
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// That of the offered ones which the client likes best; of those that it likes
    /// as much the first. `None` if it accepts none, or likes content as it is better.
    pub fn chosen(headers: &HeaderMap, offered: [Self; 3]) -> Option<Self> {
        let weights = Weights::of(headers);
        let mut best = (None, weights.identity.unwrap_or(0).max(1) - 1);
        for coding in offered {
            let weight = weights.of_coding(coding);
            if weight > best.1 {
                best = (Some(coding), weight);
            }
        }
        best.0
    }
}

/// What the headers say of the codings that there are here.
#[derive(Default)]
struct Weights {
    codings: [Option<u16>; 3],
    identity: Option<u16>,
    others: Option<u16>,
}

impl Weights {
    fn of(headers: &HeaderMap) -> Self {
        let mut weights = Self::default();
        let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        for element in lines.flat_map(|line| line.split(',')).take(MOST_ELEMENTS) {
            let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
            if let (Some(of), Some(weight)) = (weights.entry(name.trim()), weight(parameters)) {
                of.get_or_insert(weight);
            }
        }
        weights
    }

    fn entry(&mut self, name: &str) -> Option<&mut Option<u16>> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if let Some(at) = Coding::ALL.iter().position(|coding| is(coding.name())) {
            return Some(&mut self.codings[at]);
        }
        match () {
            // The same by an older name (RFC 9110 8.4.1.3).
            () if is("x-gzip") => Some(&mut self.codings[Coding::Gzip as usize]),
            () if is("identity") => Some(&mut self.identity),
            () if is("*") => Some(&mut self.others),
            () => None,
        }
    }

    fn of_coding(&self, coding: Coding) -> u16 {
        self.codings[coding as usize].or(self.others).unwrap_or(0)
    }
}

/// The weight among the parameters of an element; `None` if it is none.
fn weight(parameters: &str) -> Option<u16> {
    for parameter in parameters.split(';') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.trim().eq_ignore_ascii_case("q") {
            return thousandths(value.trim());
        }
    }
    Some(FULL)
}

/// A number from 0 to 1 with up to three digits (RFC 9110 12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = digits.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn chosen(lines: &[&str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        Coding::chosen(&headers, Coding::ALL)
    }

    #[test]
    fn the_client_chooses_and_we_where_it_does_not() {
        use Coding::{Brotli, Gzip, Zstd};
        let cases: [(&[&str], Option<Coding>); 24] = [
            (&[], None),
            (&[""], None),
            (&["gzip, deflate, br, zstd"], Some(Zstd)),
            (&["gzip, deflate, br"], Some(Brotli)),
            (&["gzip", "br"], Some(Brotli)),
            (&["GZip"], Some(Gzip)),
            (&["x-gzip"], Some(Gzip)),
            (&["deflate, compress, exi"], None),
            (&["br;q=0.5, gzip;q=0.8"], Some(Gzip)),
            (&["br;q=0.500 , gzip ; Q=0.5"], Some(Brotli)),
            (&["gzip;q=0"], None),
            (&["gzip;q=0.000, *"], Some(Zstd)),
            (&["*"], Some(Zstd)),
            (&["*;q=0"], None),
            (&["*;q=0, gzip"], Some(Gzip)),
            (&["identity"], None),
            (&["identity;q=0"], None),
            (&["identity;q=0, gzip;q=0.001"], Some(Gzip)),
            (&["identity, gzip;q=0.5"], None),
            (&["identity;q=0.5, gzip;q=0.5"], Some(Gzip)),
            (&["gzip;q=2"], None),
            (&["gzip;q=0.1234, br;q=-1, zstd;q="], None),
            (&["gzip;level=9"], Some(Gzip)),
            (&["gzip;q=0, gzip"], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(chosen(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_list_without_end_is_read_to_a_bound() {
        let many = "a,".repeat(10_000);
        assert_eq!(chosen(&[&format!("gzip,{many}")]), Some(Coding::Gzip));
        assert_eq!(chosen(&[&format!("{many}gzip")]), None);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_handled(text in "[ -~\t]{0,80}") {
            chosen(&[&text]);
        }

        #[test]
        fn weights_order_codings(gzip in 0_u16..=999, br in 0_u16..=999) {
            let expected = match () {
                () if gzip == 0 && br == 0 => None,
                () if gzip > br => Some(Coding::Gzip),
                () => Some(Coding::Brotli),
            };
            prop_assert_eq!(chosen(&[&format!("gzip;q=0.{gzip:03}, br;q=0.{br:03}")]), expected);
        }
    }
}
