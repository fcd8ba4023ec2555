//! The string language of v2 (docs/contract/v2.md#permission-queries).
//!
//! ```text
//! query = and { OR and }      and = term { AND term }      term = SLUG | "(" query ")"
//! ```
//!
//! One pass over the bytes. Every legal character is ASCII, so up to the first fault a byte
//! offset is also a character offset, and positions need no conversion.
//!
//! Deliberately absent: quoting, negation, and any limit on length or nesting.

use super::{Builder, Join, Query, QueryError};

/// Longest part of the input that a message repeats, in characters.
const MAX_QUOTED: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Operator(Join, &'a str),
    Slug(&'a str),
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Token::Open => "(",
            Token::Close => ")",
            Token::Operator(_, text) | Token::Slug(text) => text,
        }
    }
}

/// Reads a whole query.
pub(super) fn parse(input: &str) -> Result<Query, QueryError> {
    let mut parser = Parser::new(input);
    while let Some((position, token)) = parser.next_token()? {
        parser.accept(position, token)?;
        parser.last = Some(token);
    }
    parser.finish()
}

struct Parser<'a> {
    input: &'a str,
    at: usize,
    builder: Builder<'a>,
    /// Positions of the brackets still open.
    brackets: Vec<usize>,
    last: Option<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn new(input: &'a str) -> Self {
        let mut parser = Self { input, at: 0, builder: Builder::default(), brackets: Vec::new(), last: None };
        parser.open_query();
        parser
    }

    /// Precedence is spelt out as groups: a query is an `OR` whose members are `AND`s. The
    /// builder dissolves the ones that turn out to have a single member.
    fn open_query(&mut self) {
        self.builder.open(Join::Or);
        self.builder.open(Join::And);
    }

    fn close_query(&mut self) {
        self.builder.close();
        self.builder.close();
    }

    /// Whether a slug or an opening bracket must come next.
    fn wants_term(&self) -> bool {
        matches!(self.last, None | Some(Token::Open | Token::Operator(..)))
    }

    fn next_token(&mut self) -> Result<Option<(usize, Token<'a>)>, QueryError> {
        let rest = &self.input[self.at..];
        let rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let position = self.input.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            _ => {
                let length = rest.bytes().position(|b| !is_slug_byte(b)).unwrap_or(rest.len());
                if length == 0 {
                    let shown = first.escape_debug();
                    return Err(fault(position, format!("illegal character '{shown}'"), None));
                }
                (word(&rest[..length]), length)
            }
        };
        self.at = position + length;
        Ok(Some((position, token)))
    }

    fn accept(&mut self, position: usize, token: Token<'a>) -> Result<(), QueryError> {
        match (token, self.wants_term()) {
            (Token::Slug(slug), true) => self.builder.slug(slug),
            (Token::Open, true) => {
                self.brackets.push(position);
                self.open_query();
            }
            (Token::Operator(Join::And, _), false) => {}
            (Token::Operator(Join::Or, _), false) => {
                self.builder.close();
                self.builder.open(Join::And);
            }
            (Token::Close, false) if self.brackets.pop().is_some() => self.close_query(),
            _ => return Err(self.misplaced(position, token)),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Query, QueryError> {
        let end = self.input.len();
        match (self.last, self.brackets.last()) {
            (None, _) => Err(fault(0, "the query is empty".into(), Some(TERM))),
            (Some(Token::Operator(..)), _) => Err(fault(end, "the query ends".into(), Some(&self.wanted()))),
            (_, Some(&bracket)) => Err(fault(bracket, "unclosed '('".into(), None)),
            _ => {
                self.close_query();
                Ok(self.builder.finish())
            }
        }
    }

    fn misplaced(&self, position: usize, token: Token<'_>) -> QueryError {
        let what = match token {
            Token::Close if self.last == Some(Token::Open) => "empty brackets, ')'".to_owned(),
            Token::Operator(_, text) => format!("unexpected operator '{text}'"),
            _ => format!("unexpected token '{}'", clip(token.text())),
        };
        fault(position, what, Some(&self.wanted()))
    }

    /// What would have been right after the last token.
    fn wanted(&self) -> String {
        match self.last {
            Some(Token::Operator(_, text)) => format!("{TERM} after '{text}'"),
            _ if self.wants_term() => TERM.to_owned(),
            _ if self.brackets.is_empty() => "AND, OR or the end of the query".to_owned(),
            _ => "AND, OR or ')'".to_owned(),
        }
    }
}

const TERM: &str = "a permission or '('";

fn fault(position: usize, what: String, wanted: Option<&str>) -> QueryError {
    let mut message = format!("{what} at position {position}");
    if let Some(wanted) = wanted {
        message.push_str(": expected ");
        message.push_str(wanted);
    }
    QueryError { position: Some(position), message }
}

/// A keyword is a whole word in any case, so it can be part of a slug but never one itself.
fn word(text: &str) -> Token<'_> {
    if text.eq_ignore_ascii_case("and") {
        Token::Operator(Join::And, text)
    } else if text.eq_ignore_ascii_case("or") {
        Token::Operator(Join::Or, text)
    } else {
        Token::Slug(text)
    }
}

fn is_slug_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-:*/".contains(&byte)
}

/// Only tokens come here, and those are ASCII: any byte is a character boundary.
fn clip(token: &str) -> String {
    match token.get(..MAX_QUOTED) {
        Some(start) if token.len() > MAX_QUOTED => format!("{start}..."),
        _ => token.to_owned(),
    }
}
