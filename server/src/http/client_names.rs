//! How the official clients spell the names of the contract.
//!
//! Absent is what a client calls by another name altogether: those are told where the
//! operations are.

/// As Python writes them: `auto_apply` for `autoApply`, `apis.create_api` for `apis.createApi`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// As Go writes exported names: `Apis.CreateAPI` for `apis.createApi`, `ExternalID` for
/// `externalId`.
pub fn exported(name: &str) -> String {
    let spelt = snake_case(name);
    let name = |words: &str| words.split('_').map(exported_word).collect::<String>();
    spelt.split('.').map(name).collect::<Vec<_>>().join(".")
}

fn exported_word(word: &str) -> String {
    if ["api", "id"].contains(&word) {
        return word.to_ascii_uppercase();
    }
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_in_each_language() {
        for (name, python, go) in [
            ("apis.createApi", "apis.create_api", "Apis.CreateAPI"),
            ("apis.listKeys", "apis.list_keys", "Apis.ListKeys"),
            ("apiId", "api_id", "APIID"),
            ("externalId", "external_id", "ExternalID"),
            ("autoApply", "auto_apply", "AutoApply"),
            ("meta", "meta", "Meta"),
        ] {
            assert_eq!((snake_case(name).as_str(), exported(name).as_str()), (python, go));
        }
    }
}
