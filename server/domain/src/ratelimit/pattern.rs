//! Identifiers with wildcards (docs/contract/v2.md#overrides).
//!
//! `*` stands for any run of characters except newlines; everything else is
//! literal. The whole identifier must match, case included.

/// An identifier that holds at least one `*`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    prefix: Box<str>,
    /// Literals between two stars, none empty.
    middles: Box<[Box<str>]>,
    suffix: Box<str>,
}

impl Pattern {
    /// `None` when there is no `*` in it.
    pub fn parse(identifier: &str) -> Option<Self> {
        let (prefix, rest) = identifier.split_once('*')?;
        let (middles, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
        let middles = middles.split('*').filter(|literal| !literal.is_empty()).map(Into::into).collect();
        Some(Self { prefix: prefix.into(), middles, suffix: suffix.into() })
    }

    /// Takes the leftmost place for each literal. That misses nothing: a later
    /// place would only widen the gap before it, and a gap may hold less than a
    /// literal may.
    pub fn matches(&self, identifier: &str) -> bool {
        let inner = identifier
            .strip_prefix(&*self.prefix)
            .and_then(|identifier| identifier.strip_suffix(&*self.suffix));
        let Some(mut rest) = inner else { return false };
        for literal in &self.middles {
            match rest.split_once(&**literal) {
                Some((gap, after)) if !gap.contains('\n') => rest = after,
                _ => return false,
            }
        }
        !rest.contains('\n')
    }

    /// How many characters are not wildcards: the more, the closer the match
    /// (docs/decisions.md#the-closest-wildcard-wins).
    pub fn literal_length(&self) -> usize {
        let count = |literal: &str| literal.chars().count();
        count(&self.prefix)
            + count(&self.suffix)
            + self.middles.iter().map(|literal| count(literal)).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run_without_newlines() {
        for (pattern, identifier, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("*", "two\nlines", false),
            ("user_*", "user_", true),
            ("user_*", "user_1", true),
            ("user_*", "User_1", false),
            ("user_*", "a user_1", false),
            ("*@x.org", "me@x.org", true),
            ("*@x.org", "me@x.organic", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "acb", false),
            ("**x**", "x", true),
            ("a.c*", "abc", false),
            ("[a]*", "[a]b", true),
            ("*\n*", "one\ntwo", true),
            ("*\n*", "one\ntwo\nthree", false),
            ("a*ü*z", "a-ü-z", true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(identifier), expected, "{pattern:?} on {identifier:?}");
        }
        assert_eq!(Pattern::parse("no star"), None);
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = Pattern::parse(&"*a".repeat(200)).unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(10_000))));
    }

    #[test]
    fn only_literals_count() {
        assert_eq!(Pattern::parse("ab*c**dü").unwrap().literal_length(), 5);
        assert_eq!(Pattern::parse("*").unwrap().literal_length(), 0);
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab\n*]{0,6}\\*[ab\n*]{0,3}", text in "[ab\n]{0,8}") {
            let expected = by_definition(pattern.as_bytes(), text.as_bytes());
            proptest::prop_assert_eq!(Pattern::parse(&pattern).unwrap().matches(&text), expected);
        }
    }

    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => {
                by_definition(rest, text)
                    || text
                        .split_first()
                        .is_some_and(|(first, text)| *first != b'\n' && by_definition(pattern, text))
            }
            Some((literal, rest)) => {
                text.split_first().is_some_and(|(first, text)| first == literal && by_definition(rest, text))
            }
        }
    }
}
