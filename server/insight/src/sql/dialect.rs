//! The dialect that queries are parsed in: ClickHouse's, with an end.
//!
//! The parser tries one reading after another and starts over when one fails, so
//! that a short text can make it work for ever. Here it may look at so many
//! expressions and no more.

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::Expr;
use sqlparser::dialect::{ClickHouseDialect, Dialect};
use sqlparser::parser::{Parser, ParserError};

/// Expressions that the parser may begin to read: ten times what a query may have.
const MOST: usize = 20_000;

#[derive(Debug)]
pub(super) struct Bounded {
    left: Cell<usize>,
}

impl Bounded {
    pub fn new() -> Self {
        Self { left: Cell::new(MOST) }
    }
}

impl Dialect for Bounded {
    /// Where the parser asks for the dialect by its type.
    fn dialect(&self) -> TypeId {
        TypeId::of::<ClickHouseDialect>()
    }

    /// Called before every expression; once it fails, all the readings that the
    /// parser still has in mind fail, too.
    fn parse_prefix(&self, _: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                None
            }
            None => Some(Err(ParserError::ParserError("the query is too complex".to_owned()))),
        }
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        ClickHouseDialect {}.is_identifier_start(letter)
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        ClickHouseDialect {}.is_identifier_part(letter)
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_prewhere(&self) -> bool {
        true
    }

    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }

    fn supports_with_fill(&self) -> bool {
        true
    }

    fn supports_limit_by(&self) -> bool {
        true
    }

    fn supports_settings(&self) -> bool {
        true
    }

    fn supports_select_format(&self) -> bool {
        true
    }

    fn supports_optimize_table(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }
}
