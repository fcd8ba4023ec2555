//! From text to a syntax tree, and nothing more: what it may say is checked in
//! `check`, what it means is decided in `bind`.

use sqlparser::ast::Statement;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::dialect::Bounded;
use base::error::{Code, Error, Result};

/// Longest query, in bytes (docs/contract/v2.md#analytics-queries).
pub const MAX_BYTES: usize = 16_384;

/// How deep parentheses and calls may nest.
const MAX_DEPTH: usize = 64;

/// Subqueries in more parentheses than one.
const MAX_DOUBLED: usize = 2;

/// Parses the one statement of a query.
pub fn parse(text: &str) -> Result<Statement> {
    if text.len() > MAX_BYTES {
        return Err(invalid(format!("The query is longer than {MAX_BYTES} bytes.")));
    }
    let dialect = Bounded::new();
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| invalid(format!("The query has a syntax error: {error}.")))?;
    // The parser does not count how deep lambdas nest.
    if tokens.iter().filter(|token| token.token == Token::Arrow).count() > MAX_DEPTH {
        return Err(invalid(format!("The query has more than {MAX_DEPTH} lambdas.")));
    }
    let tokens = plain_in(tokens);
    if doubled(&tokens) > MAX_DOUBLED {
        return Err(invalid("The query has too many subqueries in more parentheses than one."));
    }
    let mut statements = Parser::new(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| invalid(format!("The query has a syntax error: {error}.")))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(invalid("The query is empty.")),
        (Some(_), false) => Err(invalid("A query is exactly one statement.")),
    }
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(Code::AnalyticsQuery, detail)
}

/// How many subqueries stand in more parentheses than one. In FROM the parser reads
/// such a one again for each of them, and all that is in it.
fn doubled(tokens: &[TokenWithSpan]) -> usize {
    let is_query = |token: &Token| matches!(token, Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH));
    let doubled = |three: &&[TokenWithSpan]| {
        three[0].token == Token::LParen && three[1].token == Token::LParen && is_query(&three[2].token)
    };
    tokens.windows(3).filter(doubled).count()
}

/// Two forms of `IN` that the parser does not know mean the same as one it does:
/// an array on the right is a list, and `GLOBAL` says nothing on one server.
fn plain_in(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let solid = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let mut tokens: Vec<TokenWithSpan> = tokens.into_iter().filter(solid).collect();
    let keyword = |token: Option<&TokenWithSpan>, wanted: Keyword| {
        token.is_some_and(|token| matches!(&token.token, Token::Word(word) if word.keyword == wanted && word.quote_style.is_none()))
    };
    let mut place = 0;
    while place < tokens.len() {
        let next = tokens.get(place + 1);
        if keyword(tokens.get(place), Keyword::GLOBAL)
            && (keyword(next, Keyword::IN)
                || (keyword(next, Keyword::NOT) && keyword(tokens.get(place + 2), Keyword::IN)))
        {
            tokens.remove(place);
            continue;
        }
        if keyword(tokens.get(place), Keyword::IN)
            && next.is_some_and(|token| token.token == Token::LBracket)
            && let Some(end) = closing(&tokens, place + 1)
        {
            tokens[place + 1].token = Token::LParen;
            tokens[end].token = Token::RParen;
        }
        place += 1;
    }
    tokens
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[TokenWithSpan], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LBracket => depth += 1,
            Token::RBracket => {
                depth -= 1;
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        parse(text).unwrap_err().detail().to_owned()
    }

    #[test]
    fn one_statement_of_bounded_size() {
        assert!(parse("SELECT 1;").is_ok());
        assert!(detail("").contains("empty") && detail("-- nothing").contains("empty"));
        assert!(detail("SELECT 1; SELECT 2").contains("one statement"));
        assert!(detail(&"x".repeat(MAX_BYTES + 1)).contains("16384"));
        assert!(detail("SELEC 1").contains("syntax error"));
        let deep = format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500));
        assert!(detail(&deep).contains("syntax error"));
    }

    /// The parser backs out of each of these words and tries again. It runs where
    /// the pool has it run: on a deep stack.
    #[test]
    fn what_would_be_read_for_ever_is_refused() {
        let all = || {
            for word in ["CASE WHEN 1 THEN ", "CAST(", "INTERVAL ", "1 IN ((", "EXISTS (SELECT "] {
                let text = format!("SELECT {}1 FROM t", word.repeat(60));
                assert!(detail(&text).contains("syntax error"), "{word}");
            }
        };
        let deep = std::thread::Builder::new().stack_size(super::super::pool::STACK_BYTES);
        deep.spawn(all).unwrap().join().unwrap();
    }

    #[test]
    fn subqueries_in_many_parentheses_are_few() {
        let text = format!("SELECT * FROM t{}", " WHERE 1 IN ((SELECT * FROM (((SELECT 1))) , ".repeat(3));
        assert!(detail(&text).contains("more parentheses than one"));
        assert!(parse("SELECT * FROM ((SELECT 1 FROM t)) AS x WHERE a IN ((SELECT 1 FROM t))").is_ok());
    }

    #[test]
    fn arrays_and_global_are_plain_lists() {
        let text = |query: &str| parse(query).unwrap().to_string();
        let plain = text("SELECT a FROM t WHERE a NOT IN ('x', 'y')");
        assert_eq!(text("SELECT a FROM t WHERE a GLOBAL NOT IN ['x', 'y']"), plain);
        assert_eq!(text("SELECT a FROM t WHERE a NOT IN ['x', 'y']"), plain);
    }
}
