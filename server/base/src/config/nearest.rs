//! Which name somebody meant who mistyped one.

/// The name that is nearest to `typed`, if it is near enough to be meant: a few letters
/// are wrong, missing, too many or have changed places.
pub(super) fn name<'a>(typed: &str, names: &'a [String]) -> Option<&'a str> {
    let near = |name: &'a String| Some((strsim::osa_distance(typed, name), name.as_str()));
    let (distance, name) = names.iter().filter_map(near).min()?;
    let letters = typed.len().saturating_sub("UNKEY_".len());
    (distance <= (letters / 4).clamp(1, 3)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant_and_what_is_far_is_not() {
        let names = ["UNKEY_LISTEN", "UNKEY_PUBLIC_URL", "UNKEY_MAX_CONNECTIONS"].map(str::to_owned);
        for (typed, meant) in [
            ("UNKEY_LISTNE", Some("UNKEY_LISTEN")),
            ("UNKEY_PUBLICURL", Some("UNKEY_PUBLIC_URL")),
            ("UNKEY_MAX_CONECTION", Some("UNKEY_MAX_CONNECTIONS")),
            ("UNKEY_IMAGE", None),
            ("UNKEY_PORT", None),
            ("UNKEY_SERVICE_HOST", None),
            ("UNKEY_", None),
        ] {
            assert_eq!(name(typed, &names), meant, "{typed}");
        }
    }
}
