//! Whether a column holds or begins with a text, whatever its case.
//!
//! `lower` of SQLite folds ASCII alone. A text within ASCII is compared by it; any
//! other by `GLOB`, each letter of it as a class of all its cases. There is no folded
//! copy of the columns: every list that is searched is bounded otherwise, and the next
//! database has `ILIKE`.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::extension::sqlite::SqliteBinOper;
use sea_orm::sea_query::{Expr, ExprTrait, Func};

/// Characters of a text beyond ASCII that are compared; no column that is searched so
/// has more. SQLite refuses longer patterns than these can make.
const MAX_CHARS: usize = 2000;

/// The column holds the text.
pub fn holds<C: ColumnTrait>(column: C, text: &str) -> Expr {
    let found = Expr::col((column.entity_name(), column));
    if text.is_ascii() { at(found, text).gt(0) } else { found.binary(SqliteBinOper::Glob, anywhere(text)) }
}

/// The column begins with the text.
pub fn begins<C: ColumnTrait>(column: C, text: &str) -> Expr {
    let found = Expr::col((column.entity_name(), column));
    if text.is_ascii() { at(found, text).eq(1) } else { found.binary(SqliteBinOper::Glob, from_start(text)) }
}

/// As [`holds`], for a statement that is written out: the condition, and what is to be
/// bound where it says `value`.
pub fn holds_sql(columns: &[&str], text: &str, value: &str) -> (String, String) {
    let one = |column: &&str| match text.is_ascii() {
        true => format!("instr(lower({column}), {value}) > 0"),
        false => format!("{column} GLOB {value}"),
    };
    let condition = columns.iter().map(one).collect::<Vec<_>>().join(" OR ");
    let bound = if text.is_ascii() { text.to_ascii_lowercase() } else { anywhere(text) };
    (condition, bound)
}

/// Where a text within ASCII begins in the column, from 1.
fn at(column: Expr, text: &str) -> Expr {
    Func::cust("instr").arg(Func::lower(column)).arg(Expr::value(text.to_ascii_lowercase())).into()
}

fn anywhere(text: &str) -> String {
    format!("*{}", from_start(text))
}

fn from_start(text: &str) -> String {
    let mut pattern = String::with_capacity(4 * text.len());
    for letter in text.chars().take(MAX_CHARS) {
        match cases(letter).as_slice() {
            // Alone, these would stand for more than themselves.
            [_] if matches!(letter, '*' | '?' | '[') => pattern.extend(['[', letter, ']']),
            [_] => pattern.push(letter),
            cases => {
                pattern.push('[');
                pattern.extend(cases);
                pattern.push(']');
            }
        }
    }
    pattern.push('*');
    pattern
}

/// The letter and its other cases, of one character each.
fn cases(letter: char) -> Vec<char> {
    let mut cases = vec![letter];
    // What the second case folds to is a third: of `ς` there are `Σ` and `σ`.
    for _ in 0..2 {
        for known in cases.clone() {
            for other in [single(known.to_lowercase()), single(known.to_uppercase())] {
                cases.extend(other.filter(|other| !cases.contains(other)));
            }
        }
    }
    // No letter has it as its case, as it stands at the ends of words only.
    if cases.contains(&'σ') && !cases.contains(&'ς') {
        cases.push('ς');
    }
    cases
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Statement};

    use super::*;
    use crate::store::testing::TestStore;

    async fn found(test: &TestStore, column: &str, text: &str) -> bool {
        let db = test.store.read();
        let (condition, bound) = holds_sql(&["?1"], text, "?2");
        let statement = Statement::from_sql_and_values(
            db.get_database_backend(),
            format!("SELECT ({condition}) AS found"),
            [column.into(), bound.into()],
        );
        db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "found").unwrap()
    }

    #[tokio::test]
    async fn a_text_is_found_in_any_case_and_no_character_of_it_is_special() {
        let test = TestStore::open().await;
        for (column, text, expected) in [
            ("Straße nach ÄLMHULT", "älmhult", true),
            ("straße nach älmhult", "ÄLM", true),
            ("Größe", "GRÖSSE", false),
            ("ΟΔΟΣ", "οδος", true),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ", true),
            ("Σίσυφος", "σίσυφοσ", true),
            ("Ё-моё", "ё-МО", true),
            ("ünder_*?[x]^%", "ÜNDER_*?[X]^%", true),
            ("ünderlined", "ü*d", false),
            ("ünderlined", "ü?d", false),
            ("ünderlined", "ü[n]d", false),
            ("日本語", "本語", true),
            ("Order 7", "oRDER", true),
            ("a_c%", "_C%", true),
            ("abc", "_c", false),
        ] {
            assert_eq!(found(&test, column, text).await, expected, "{column} {text}");
        }
        let long = "é".repeat(MAX_CHARS + 100);
        assert!(found(&test, &long, &long.to_uppercase()).await);
    }
}
