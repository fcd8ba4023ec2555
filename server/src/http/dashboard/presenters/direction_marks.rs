//! Characters that turn the direction of the text around them: in a sentence that names
//! what a stranger has named, they could put its words into another order.

/// Marks, embeddings, overrides and isolates of both directions.
fn turns(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with each of them as people write it: `\u{202e}`.
pub fn marks_shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match turns(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_text_around_it_is_written_out() {
        assert_eq!(marks_shown("a\u{202e}b\u{2067}"), "a\\u{202e}b\\u{2067}");
        assert_eq!(marks_shown("\u{5d0}\u{5d1} ok \u{e9}"), "\u{5d0}\u{5d1} ok \u{e9}");
    }
}
