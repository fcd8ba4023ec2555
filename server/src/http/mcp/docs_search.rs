//! Finds pages of the documentation by words.
//!
//! There are some two hundred pages in memory, so they are looked through: no index
//! is worth its upkeep.

use crate::http::docs::{self, Page};

/// More words say no more.
const MAX_WORDS: usize = 16;

/// Pages that have every word of a question, the most telling first.
pub fn search(question: &str) -> Vec<&'static Page> {
    let question = question.to_lowercase();
    let words: Vec<&str> = words(&question).take(MAX_WORDS).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let scored = docs::pages().iter().filter_map(|page| Some((score(page, &words)?, page)));
    let mut found: Vec<(usize, &Page)> = scored.collect();
    // Of equals the one that stands first in the book.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, page)| page).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

/// How much a page says of these words; `None` if one of them is not on it. A title
/// says most, then a summary.
fn score(page: &Page, words: &[&str]) -> Option<usize> {
    let (title, summary) = (page.title.to_lowercase(), page.summary.to_lowercase());
    let text = page.markdown.to_lowercase();
    let mut score = 0;
    for word in words {
        let inside = text.matches(word).count();
        if inside == 0 && !title.contains(word) && !page.slug.contains(word) {
            return None;
        }
        score += inside.min(20)
            + 10 * usize::from(summary.contains(word))
            + 50 * usize::from(title.contains(word));
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_it_comes_first() {
        let first = |question: &str| search(question).first().map(|page| page.slug.as_str());
        assert_eq!(first("backup"), Some("backup"));
        assert_eq!(first("Reverse PROXY"), Some("reverse-proxy"));
        assert_eq!(first("glossary"), Some("glossary"));
    }

    #[test]
    fn every_word_must_be_there() {
        assert!(search("backup xyzzy").is_empty());
        assert!(search("").is_empty() && search(" ., ").is_empty());
        assert!(search("key").len() > 10);
    }
}
