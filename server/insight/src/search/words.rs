//! Texts as words, and queries for what begins with one.
//!
//! A word is what stands between spaces, whatever its case and without marks at
//! its ends; one with marks inside, such as an id or an address, counts as a
//! whole and in its parts. A searched word finds every word that begins with it.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{BooleanQuery, InvertedIndexRangeQuery, Occur, Query};
use tantivy::schema::{Field, IndexRecordOption, TextFieldIndexing, TextOptions};

use base::error::{Error, Result};

/// Characters of one search.
const MAX_SEARCH: usize = 1000;
/// Words of one search.
pub const MAX_SEARCHED: usize = 20;
/// Characters of a word that count.
const MAX_WORD: usize = 64;

/// The last character there is: no text that begins with a prefix sorts behind
/// the prefix followed by it.
const LAST: char = char::MAX;

/// How a field of [`indexable`] texts is indexed; nothing of it is stored.
pub(super) fn indexed() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

/// The words of a text that somebody searches for. Fails as [`few`].
pub fn searched(text: &str) -> Result<Vec<String>> {
    few(text, word)
}

/// The words of a search, each once, as `read` makes them of what stands between
/// spaces.
///
/// Fails with `invalid_input` for more than [`MAX_SEARCH`] characters or
/// [`MAX_SEARCHED`] words: each costs a walk over what begins with it.
pub fn few(text: &str, read: impl Fn(&str) -> String) -> Result<Vec<String>> {
    if text.chars().nth(MAX_SEARCH).is_some() {
        return Err(Error::invalid(format!("A search has at most {MAX_SEARCH} characters.")));
    }
    let mut found = Vec::new();
    for word in text.split_whitespace().map(read).filter(|word| !word.is_empty()) {
        if found.contains(&word) {
            continue;
        }
        if found.len() == MAX_SEARCHED {
            return Err(Error::invalid(format!("A search has at most {MAX_SEARCHED} different words.")));
        }
        found.push(word);
    }
    Ok(found)
}

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(word).filter(|word| !word.is_empty()).collect()
}

/// A text as its field is to hold it: its words, and the parts of those.
pub(super) fn indexable(text: &str) -> String {
    let mut all = Vec::new();
    for word in words(text) {
        if word.chars().all(char::is_alphanumeric) {
            all.push(word);
        } else {
            let parts = word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            all.extend(parts.map(ToOwned::to_owned));
            all.push(word);
        }
    }
    all.join(" ")
}

/// A JSON document as a text, cut short or not: names and values alike.
pub(super) fn of_json(json: &str) -> String {
    indexable(&json.replace(['"', '{', '}', '[', ']', ',', ':', '\\'], " "))
}

fn word(text: &str) -> String {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    text.chars().take(MAX_WORD).flat_map(char::to_lowercase).collect()
}

/// Documents whose field holds a term that begins with this.
pub fn begins_with(field: Field, prefix: &str) -> Box<dyn Query> {
    let end = format!("{prefix}{LAST}");
    Box::new(InvertedIndexRangeQuery::new(
        Bound::Included(Term::from_field_text(field, prefix)),
        Bound::Excluded(Term::from_field_text(field, &end)),
    ))
}

/// Documents that match any of these.
pub fn any(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Should, query)).collect()))
}

/// Documents that match all of these.
pub fn all(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Must, query)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_case_and_the_marks_at_their_ends() {
        assert_eq!(words("Billing, (of) slug_1099!"), ["billing", "of", "slug_1099"]);
        assert!(words("% --").is_empty());
    }

    #[test]
    fn a_search_has_few_words_and_each_once() {
        assert_eq!(searched("a B a, b").unwrap(), ["a", "b"]);
        let many = |count: usize| (0..count).map(|n| format!("w{n} ")).collect::<String>();
        assert_eq!(searched(&many(MAX_SEARCHED).repeat(9)).unwrap().len(), MAX_SEARCHED);
        assert!(searched(&"a ".repeat(501)).unwrap_err().detail().contains("at most 1000 characters"));
        assert!(searched(&many(MAX_SEARCHED + 1)).unwrap_err().detail().contains("at most 20"));
    }

    #[test]
    fn words_with_marks_count_as_a_whole_and_in_parts() {
        assert_eq!(indexable("to Ann@example.com"), "to ann example com ann@example.com");
        assert_eq!(of_json(r#"{"keyId":"key_1"}"#), "keyid key 1 key_1");
    }
}
