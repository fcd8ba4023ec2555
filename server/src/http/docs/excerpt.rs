//! The part of a text that shows why it was found, with the found words marked.

/// Characters of an excerpt, about.
const LENGTH: usize = 220;
/// Characters shown before its first found word, about.
const BEFORE: usize = 50;

/// A stretch of an excerpt.
pub struct Part {
    pub text: String,
    /// Whether it is a word that was looked for.
    pub found: bool,
}

/// A part of a text, in stretches; dots at its ends stand for what was left out.
pub struct Excerpt(pub Vec<Part>);

impl std::fmt::Display for Excerpt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| out.write_str(&part.text))
    }
}

/// The part of a text with the most of the words that begin with one of `stems`,
/// which are in lower case.
pub fn excerpt(text: &str, stems: &[&str]) -> Excerpt {
    let words = found_words(text, stems);
    let best = words.iter().enumerate().map(|(place, (start, ..))| {
        let near = words[place..].iter().take_while(|(other, ..)| other - start < LENGTH);
        let mut different: Vec<usize> = near.map(|(.., stem)| *stem).collect();
        different.sort_unstable();
        different.dedup();
        (different.len(), std::cmp::Reverse(*start))
    });
    let first = best.max().map_or(0, |(_, start)| start.0);
    let start = boundary(text, first.saturating_sub(BEFORE));
    let end = boundary(text, start.saturating_add(LENGTH));
    let mut parts = Vec::new();
    let mut push = |text: &str, found| {
        if !text.is_empty() {
            parts.push(Part { text: text.to_owned(), found });
        }
    };
    push(if start > 0 { "… " } else { "" }, false);
    let mut at = start;
    for (from, to, _) in words.iter().filter(|(from, to, _)| *from >= start && *to <= end) {
        push(&text[at..*from], false);
        push(&text[*from..*to], true);
        at = *to;
    }
    push(text[at..end].trim_end(), false);
    push(if end < text.len() { " …" } else { "" }, false);
    Excerpt(parts)
}

/// Start, end and stem of each word that begins with a stem.
fn found_words(text: &str, stems: &[&str]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match start {
            None if letter.is_alphanumeric() => start = Some(at),
            Some(from) if !letter.is_alphanumeric() => {
                let word = text[from..at].to_lowercase();
                if let Some(stem) = stems.iter().position(|stem| word.starts_with(stem)) {
                    found.push((from, at, stem));
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// The first beginning of a word at or after a place; the end, if there is none.
fn boundary(text: &str, place: usize) -> usize {
    if place == 0 {
        return 0;
    }
    let after = text.char_indices().skip_while(|(at, _)| *at < place);
    let mut spaced = after.skip_while(|(_, letter)| !letter.is_whitespace());
    spaced.next().map_or(text.len(), |(at, letter)| at + letter.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_densest_part_is_shown_with_its_words_marked() {
        let far = format!("limit {} A Limit on credits of keys.", "filler ".repeat(100));
        let shown = excerpt(&far, &["limit", "credit"]);
        let marked: Vec<&str> =
            shown.0.iter().filter(|part| part.found).map(|part| part.text.as_str()).collect();
        assert_eq!(marked, ["Limit", "credits"]);
        assert!(shown.to_string().starts_with("… ") && shown.to_string().ends_with("of keys."));
        assert_eq!(excerpt("short", &["none"]).to_string(), "short");
    }

    proptest! {
        #[test]
        fn any_text_has_an_excerpt(text in "\\PC{0,600}", word in "[a-zäß]{1,4}") {
            let shown = excerpt(&text, &[&word]);
            prop_assert!(shown.to_string().len() <= text.len() + 8);
            for part in shown.0.iter().filter(|part| part.found) {
                prop_assert!(part.text.to_lowercase().starts_with(&word));
                prop_assert!(text.contains(&part.text));
            }
        }
    }
}
