//! Where the key stands: in `Authorization`, in a header, or in the query of the
//! request that the proxy has.
//!
//! A place that says two things is refused, because what is behind the proxy could
//! read the other one.

use base::secret::PlainKey;
use poem::Request;
use poem::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use super::PATH;

/// How proxies say which address the client asked for.
static FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// A place for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `Authorization`, with the scheme `Bearer` or none.
    Authorization,
    Header(HeaderName),
    /// A parameter of the query.
    Query(String),
}

/// Why there is no key to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    Missing,
    /// A place holds two.
    Ambiguous,
}

impl NoKey {
    pub fn code(self) -> &'static str {
        match self {
            NoKey::Missing => "KEY_MISSING",
            NoKey::Ambiguous => "KEY_AMBIGUOUS",
        }
    }
}

/// A request as a proxy shows it.
pub struct Shown<'r> {
    demands: &'r str,
    asked: Asked<'r>,
    headers: &'r HeaderMap,
}

/// Where the query of the client's own request stands.
enum Asked<'r> {
    /// In `X-Forwarded-Uri`.
    InHeader,
    /// Behind the demands.
    Behind(Option<&'r str>),
}

impl<'r> Shown<'r> {
    /// Demands are the query of `/auth/verify?...`, where the client's address stands in a
    /// header, or the segment of `/auth/verify/.../`, behind which the client's address
    /// follows. Never both: what follows is the client's to write.
    pub fn of(request: &'r Request) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let below = uri.path().strip_prefix(PATH).unwrap_or_default();
        match below.strip_prefix('/') {
            None => Self { demands: uri.query().unwrap_or_default(), asked: Asked::InHeader, headers },
            // An empty one demands nothing, which is refused: what follows is the client's.
            Some(segments) => {
                let demands = segments.split_once('/').map_or(segments, |(demands, _)| demands);
                Self { demands, asked: Asked::Behind(uri.query()), headers }
            }
        }
    }

    pub fn demands(&self) -> &'r str {
        self.demands
    }

    /// The key in the first of these places that holds one.
    pub fn key(&self, places: &[Place]) -> Result<PlainKey, NoKey> {
        for place in places {
            let found = match place {
                Place::Authorization => self.header(&AUTHORIZATION)?.map(bearer).map(ToOwned::to_owned),
                Place::Header(name) => self.header(name)?.map(|value| value.trim().to_owned()),
                Place::Query(name) => self.parameter(name)?,
            };
            if let Some(key) = found.filter(|key| !key.is_empty()) {
                return Ok(PlainKey::new(key));
            }
        }
        Err(NoKey::Missing)
    }

    fn header(&self, name: &HeaderName) -> Result<Option<&'r str>, NoKey> {
        let mut lines = self.headers.get_all(name).iter();
        let first = lines.next();
        if lines.next().is_some() {
            return Err(NoKey::Ambiguous);
        }
        Ok(first.and_then(|line| line.to_str().ok()))
    }

    fn query(&self) -> Result<Option<&'r str>, NoKey> {
        match self.asked {
            Asked::Behind(query) => Ok(query),
            Asked::InHeader => {
                let asked = self.header(&FORWARDED_URI)?.and_then(|asked| asked.split_once('?'));
                Ok(asked.map(|(_, query)| query))
            }
        }
    }

    fn parameter(&self, name: &str) -> Result<Option<String>, NoKey> {
        let query = self.query()?.unwrap_or_default();
        let mut values =
            form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name).map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            return Err(NoKey::Ambiguous);
        }
        Ok(first.map(|value| value.into_owned()))
    }
}

/// The token of `Bearer TOKEN`, or of `TOKEN` alone; nothing of another scheme.
fn bearer(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => "",
        None if value.eq_ignore_ascii_case("bearer") => "",
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn shown(uri: &str, headers: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::builder().uri(uri.parse().unwrap()).finish();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        request
    }

    fn key(uri: &str, headers: &[(&'static str, &'static str)], places: &[Place]) -> Result<String, NoKey> {
        Shown::of(&shown(uri, headers)).key(places).map(|key| key.reveal().to_owned())
    }

    #[test]
    fn demands_are_the_query_or_the_first_segment() {
        for (uri, demands, query) in [
            ("/auth/verify?api=a&cost=2", "api=a&cost=2", None),
            ("/auth/verify/api=a&cost=2", "api=a&cost=2", None),
            ("/auth/verify/api=a/x/../cost=0?key=k&cost=0", "api=a", Some("key=k&cost=0")),
            ("/auth/verify", "", None),
            // A proxy without demands, and what its client wrote.
            ("/auth/verify/?api=a", "", Some("api=a")),
            ("/auth/verify//api=a//x", "", None),
            ("/auth/verify///api=a?api=a", "", Some("api=a")),
        ] {
            let request = shown(uri, &[]);
            let shown = Shown::of(&request);
            assert_eq!((shown.demands(), shown.query()), (demands, Ok(query)), "{uri}");
        }
    }

    #[test]
    fn a_key_is_taken_from_where_it_is_meant_to_be() {
        let uri = "/auth/verify?api=a";
        let at_authorization = |value| key(uri, &[("authorization", value)], &[Place::Authorization]);
        for value in ["Bearer k", "bearer  k ", "BEARER k", "k"] {
            assert_eq!(at_authorization(value).as_deref(), Ok("k"), "{value}");
        }
        for value in ["Basic k", "Bearer", "Bearer ", ""] {
            assert_eq!(at_authorization(value), Err(NoKey::Missing), "{value}");
        }
        let places = [Place::Header(HeaderName::from_static("x-api-key")), Place::Query("key".into())];
        let forwarded = ("x-forwarded-uri", "/a?b=c&key=%6b2");
        assert_eq!(key(uri, &[("x-api-key", "k1"), forwarded], &places).as_deref(), Ok("k1"));
        assert_eq!(key(uri, &[("x-api-key", ""), forwarded], &places).as_deref(), Ok("k2"));
        assert_eq!(key(uri, &[("authorization", "Bearer k")], &places), Err(NoKey::Missing));
        assert_eq!(key("/auth/verify/api=a/b?key=k3", &[], &places).as_deref(), Ok("k3"));
        assert_eq!(key("/auth/verify?api=a&key=k", &[], &places), Err(NoKey::Missing), "not the proxy's");
        assert_eq!(key("/auth/verify/api=a/b", &[forwarded], &places), Err(NoKey::Missing), "of the client");
    }

    #[test]
    fn two_keys_in_one_place_are_none() {
        let twice = [("authorization", "Bearer k"), ("authorization", "Bearer l")];
        assert_eq!(key("/auth/verify", &twice, &[Place::Authorization]), Err(NoKey::Ambiguous));
        let places = [Place::Query("key".into()), Place::Authorization];
        let asked = [("x-forwarded-uri", "/?key=k#&key=l")];
        assert_eq!(
            key("/auth/verify", &asked, &places),
            Err(NoKey::Ambiguous),
            "services differ in what ends it"
        );
        let asked = [("x-forwarded-uri", "/?key=k"), ("x-forwarded-uri", "/?key=l")];
        assert_eq!(key("/auth/verify", &asked, &places), Err(NoKey::Ambiguous));
        let uri = "/auth/verify/api=a/?key=k&key=l";
        assert_eq!(key(uri, &[("authorization", "k")], &places), Err(NoKey::Ambiguous));
    }
}
