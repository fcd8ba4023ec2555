//! The answer to a program: its address with what it is told (RFC 6749 4.1.2), and
//! who says so (RFC 9207).

/// Where a browser is sent. `origin` is that of this server; an empty `state` was
/// not given.
pub fn location(redirect_uri: &str, origin: &str, state: &str, told: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(told);
    if !state.is_empty() {
        query.append_pair("state", state);
    }
    query.append_pair("iss", origin);
    let joint = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, own)) if own.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{redirect_uri}{joint}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::location;

    #[test]
    fn what_is_told_follows_what_the_address_has() {
        let of =
            |uri: &str, state: &str| location(uri, "https://keys.example.com", state, &[("code", "a&b")]);
        let iss = "iss=https%3A%2F%2Fkeys.example.com";
        assert_eq!(
            of("https://a.example/cb", "s s"),
            format!("https://a.example/cb?code=a%26b&state=s+s&{iss}")
        );
        assert_eq!(of("https://a.example?x=1", ""), format!("https://a.example?x=1&code=a%26b&{iss}"));
        assert_eq!(of("cursor://a/b?", ""), format!("cursor://a/b?code=a%26b&{iss}"));
    }
}
