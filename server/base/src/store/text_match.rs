//! Whether a column holds or begins with a text, whatever its case.
//!
//! `lower` folds ASCII alone, in SQLite and in Postgres where texts are in the order
//! of their bytes. A text within ASCII is compared by it; any other by all the cases
//! of its letters. There is no folded copy of the columns: every list that is searched
//! is bounded otherwise.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::extension::sqlite::SqliteBinOper;
use sea_orm::sea_query::{Expr, ExprTrait, Func};

use super::Engine;

/// Characters of a text beyond ASCII that are compared; no column that is searched so
/// has more. SQLite refuses longer patterns than these can make.
const MAX_CHARS: usize = 2000;

/// The column holds the text.
pub fn holds<C: ColumnTrait>(engine: Engine, column: C, text: &str) -> Expr {
    let found = Expr::col((column.entity_name(), column));
    match engine {
        Engine::Sqlite if text.is_ascii() => at(found, text).gt(0),
        Engine::Sqlite => found.binary(SqliteBinOper::Glob, anywhere(text)),
        Engine::Postgres => {
            let folded = Folded::of(text);
            Expr::from(Func::cust("strpos").arg(folded.column(found)).arg(folded.text)).gt(0)
        }
    }
}

/// The column begins with the text.
pub fn begins<C: ColumnTrait>(engine: Engine, column: C, text: &str) -> Expr {
    let found = Expr::col((column.entity_name(), column));
    match engine {
        Engine::Sqlite if text.is_ascii() => at(found, text).eq(1),
        Engine::Sqlite => found.binary(SqliteBinOper::Glob, from_start(text)),
        Engine::Postgres => {
            let folded = Folded::of(text);
            Func::cust("starts_with").arg(folded.column(found)).arg(folded.text).into()
        }
    }
}

/// As [`holds`], for a statement that is written out: the condition, and what is to be
/// bound where it says `value`.
pub fn holds_sql(engine: Engine, columns: &[&str], text: &str, value: &str) -> (String, String) {
    let Folded { text: folded, from, to } = Folded::of(text);
    let one = |column: &&str| match engine {
        Engine::Sqlite if text.is_ascii() => format!("instr(lower({column}), {value}) > 0"),
        Engine::Sqlite => format!("{column} GLOB {value}"),
        // Letters beyond ASCII alone: none of them ends a literal.
        Engine::Postgres => format!("strpos(translate(lower({column}), '{from}', '{to}'), {value}) > 0"),
    };
    let condition = columns.iter().map(one).collect::<Vec<_>>().join(" OR ");
    let bound = match engine {
        Engine::Sqlite if text.is_ascii() => text.to_ascii_lowercase(),
        Engine::Sqlite => anywhere(text),
        Engine::Postgres => folded,
    };
    (condition, bound)
}

/// A text for Postgres to compare: `lower` folds ASCII there as well, and what
/// lies beyond is translated letter by letter, in the text here and in the column
/// there.
struct Folded {
    text: String,
    /// Other cases of the letters of the text, and at the same place what they are
    /// translated to.
    from: String,
    to: String,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut folded =
            Self { text: String::with_capacity(text.len()), from: String::new(), to: String::new() };
        for letter in text.chars() {
            let cases = cases(letter);
            let one = cases.iter().find(|case| case.is_ascii_lowercase()).or(cases.iter().min());
            let one = one.map_or(letter, char::to_ascii_lowercase);
            folded.text.push(one);
            for other in cases.into_iter().filter(|case| !case.is_ascii() && *case != one) {
                if !folded.from.contains(other) {
                    folded.from.push(other);
                    folded.to.push(one);
                }
            }
        }
        folded
    }

    fn column(&self, column: Expr) -> Expr {
        let lower = Func::lower(column);
        match self.from.is_empty() {
            true => lower.into(),
            false => Func::cust("translate").arg(lower).arg(self.from.as_str()).arg(self.to.as_str()).into(),
        }
    }
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
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::store::statement;
    use crate::store::testing::TestStore;

    async fn found(test: &TestStore, column: &str, text: &str) -> bool {
        let db = test.store.read();
        let (condition, bound) = holds_sql(Engine::of(db), &["$1"], text, "$2");
        let sql = format!("SELECT ({condition}) AS found");
        db.query_one_raw(statement(db, sql, [column.into(), bound.into()]))
            .await
            .unwrap()
            .unwrap()
            .try_get("", "found")
            .unwrap()
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
