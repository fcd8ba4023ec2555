//! Permission queries: what a caller demands of a key's permission slugs.
//!
//! Two languages mean the same thing and end in the same [`Query`]: the string language of v2
//! (`text.rs`) and the nested JSON of v1 (`json.rs`). A query is brought into one normal form
//! (nested groups of the same kind merged, groups of one dissolved), so two spellings of one
//! demand compare equal.
//!
//! Deliberately absent:
//! - negation and wildcards. `*` is an ordinary character; slugs match exactly.
//! - limits on a query as a whole. They belong to each door's contract (v2: 1 to 1000 characters).
//! - recursion. Callers choose how deeply a query nests, so parsing, evaluating, printing and
//!   dropping all work on flat lists; no input can exhaust the stack.

mod json;
mod text;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

/// A parsed permission query in normal form. Immutable, and cheap to evaluate: asking it
/// allocates nothing and stops at the first permission that settles the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// The query in the string language, with no bracket that is not needed.
    text: Box<str>,
    /// The permissions from left to right, never empty. The structure survives as jumps.
    leaves: Box<[Leaf]>,
}

/// One permission of a query, and where to go once it is known to be held or missing.
/// Jumps only lead forward, so every evaluation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leaf {
    /// The slug is `text[start..end]`.
    start: usize,
    end: usize,
    /// The leaf to ask next when this one is held; `None` grants the whole query.
    on_held: Option<usize>,
    /// The leaf to ask next when this one is missing; `None` denies the whole query.
    on_missing: Option<usize>,
}

/// The answer to a query: granted, or denied with the reason.
pub type Evaluation<'q> = Result<(), Denial<'q>>;

/// Why a query was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial<'q> {
    /// The permission whose absence settled the answer: the first one missing of an `AND`, and
    /// of an `OR` the one missing in its last alternative.
    pub missing: &'q str,
}

/// A query that cannot be read. The message is meant for the caller and includes the position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// 0-based position in a v2 string; `None` for v1 JSON, where the message holds a path.
    pub position: Option<usize>,
    /// What is wrong, where, and what was expected instead.
    pub message: String,
}

impl Query {
    /// Reads the string language of v2 (docs/contract/v2.md#permission-queries): slugs joined
    /// by `AND` and `OR` in any case, `AND` first, with round brackets.
    ///
    /// # Errors
    /// The first fault from the left, with its position.
    pub fn parse(input: &str) -> Result<Self, QueryError> {
        text::parse(input)
    }

    /// Reads the nested form of v1 (docs/contract/v1.md#permission-queries): a slug, or
    /// `{"and": [..]}`, or `{"or": [..]}`. With both members `and` decides and `or` is not
    /// looked at. A slug may hold any characters here; it is not parsed as a string query.
    ///
    /// Ask [`Query::is_absent`] first: v1 takes some values as "no query", not as a fault.
    ///
    /// # Errors
    /// The first value of a wrong type, or the first empty list, with its path.
    pub fn from_json(value: &Value) -> Result<Self, QueryError> {
        json::read(value)
    }

    /// Whether a v1 `permissions` value asks for no check at all: `null`, `""`, `0`, `false`
    /// (docs/contract/v1.md#permission-queries). Only true of a whole query; inside a group
    /// they are ordinary.
    pub fn is_absent(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(slug) => slug.is_empty(),
            Value::Array(_) | Value::Object(_) => false,
        }
    }

    /// Decides the query. `holds` is asked for one slug at a time, from left to right, at most
    /// once per occurrence, and no further than the answer needs.
    pub fn eval(&self, mut holds: impl FnMut(&str) -> bool) -> Evaluation<'_> {
        let mut at = 0;
        loop {
            let leaf = &self.leaves[at];
            let slug = &self.text[leaf.start..leaf.end];
            at = if holds(slug) {
                match leaf.on_held {
                    Some(next) => next,
                    None => return Ok(()),
                }
            } else {
                match leaf.on_missing {
                    Some(next) => next,
                    None => return Err(Denial { missing: slug }),
                }
            };
        }
    }
}

/// A part of a query's text, for showing which of its permissions are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    /// Of a permission whether it is held; `None` of what joins them.
    pub held: Option<bool>,
}

impl Query {
    /// The text of the query in parts, every permission judged by itself: the
    /// answer of [`Query::eval`] need not look at all of them.
    pub fn parts(&self, holds: impl Fn(&str) -> bool) -> Vec<Part> {
        let mut parts = Vec::with_capacity(self.leaves.len() * 2 + 1);
        let mut end = 0;
        let glue = |text: &str| Part { text: text.to_owned(), held: None };
        for leaf in &self.leaves {
            if end < leaf.start {
                parts.push(glue(&self.text[end..leaf.start]));
            }
            let slug = &self.text[leaf.start..leaf.end];
            parts.push(Part { text: slug.to_owned(), held: Some(holds(slug)) });
            end = leaf.end;
        }
        if end < self.text.len() {
            parts.push(glue(&self.text[end..]));
        }
        parts
    }
}

/// Prints the query in the string language. For a query read by [`Query::parse`] the result
/// parses to the same query; slugs from v1 may hold characters that language lacks.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.text).finish()
    }
}

/// How the members of a group combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

/// A query in postfix order: the members of a group come before it.
enum Step<'a> {
    Slug(&'a str),
    Group { join: Join, members: usize },
}

/// Collects slugs and groups from either language and brings them into normal form.
/// Every `open` needs its `close`, with at least one operand between them.
#[derive(Default)]
struct Builder<'a> {
    steps: Vec<Step<'a>>,
    /// Groups still open, outermost first, each with the members it has so far.
    open: Vec<(Join, usize)>,
}

impl<'a> Builder<'a> {
    fn slug(&mut self, slug: &'a str) {
        self.steps.push(Step::Slug(slug));
        self.adopt();
    }

    fn open(&mut self, join: Join) {
        self.open.push((join, 0));
    }

    fn close(&mut self) {
        if let Some((join, members)) = self.open.pop() {
            if members > 1 {
                self.steps.push(Step::Group { join, members });
            }
            self.adopt();
        }
    }

    /// Counts the operand that ends the list as a member of the innermost open group, or merges
    /// its members into that group when both combine alike.
    fn adopt(&mut self) {
        let Some((parent, count)) = self.open.last_mut() else {
            return;
        };
        match self.steps.last() {
            Some(Step::Group { join, members }) if join == parent => {
                *count += members;
                self.steps.pop();
            }
            _ => *count += 1,
        }
    }

    fn finish(self) -> Query {
        Layout::of(&self.steps).into_query()
    }
}

/// A group whose members are being laid out, from the last to the first.
struct Frame {
    join: Join,
    /// Members not laid out yet.
    left: usize,
    bracketed: bool,
    /// Where the next member to be laid out must lead.
    on_held: Option<usize>,
    on_missing: Option<usize>,
}

/// Turns postfix steps into text and jumps. It walks backwards, because a jump leads to the
/// first leaf of what follows, which must be known by then; all lists are therefore reversed.
#[derive(Default)]
struct Layout<'a> {
    pieces: Vec<Piece<'a>>,
    jumps: Vec<(Option<usize>, Option<usize>)>,
}

enum Piece<'a> {
    Slug(&'a str),
    Glue(&'static str),
}

impl<'a> Layout<'a> {
    fn of(steps: &[Step<'a>]) -> Self {
        let mut layout = Self::default();
        let mut frames: Vec<Frame> = Vec::new();
        let slugs = steps.iter().filter(|step| matches!(step, Step::Slug(_)));
        // The index of the leaf laid out last, which is the leftmost so far.
        let mut leftmost = slugs.count();
        for step in steps.iter().rev() {
            let (on_held, on_missing) =
                frames.last().map_or((None, None), |frame| (frame.on_held, frame.on_missing));
            match *step {
                Step::Group { join, members } => {
                    // In normal form an inner `OR` stands in an `AND`, which binds tighter.
                    let bracketed = join == Join::Or && !frames.is_empty();
                    if bracketed {
                        layout.pieces.push(Piece::Glue(")"));
                    }
                    frames.push(Frame { join, left: members, bracketed, on_held, on_missing });
                }
                Step::Slug(slug) => {
                    leftmost -= 1;
                    layout.pieces.push(Piece::Slug(slug));
                    layout.jumps.push((on_held, on_missing));
                    layout.end_member(&mut frames, leftmost);
                }
            }
        }
        layout
    }

    /// A member is complete: ends the groups it completes in turn, and leads the next member of
    /// the group that goes on to `leftmost`.
    fn end_member(&mut self, frames: &mut Vec<Frame>, leftmost: usize) {
        while let Some(frame) = frames.last_mut() {
            frame.left -= 1;
            if frame.left > 0 {
                match frame.join {
                    Join::And => {
                        frame.on_held = Some(leftmost);
                        self.pieces.push(Piece::Glue(" AND "));
                    }
                    Join::Or => {
                        frame.on_missing = Some(leftmost);
                        self.pieces.push(Piece::Glue(" OR "));
                    }
                }
                return;
            }
            if frame.bracketed {
                self.pieces.push(Piece::Glue("("));
            }
            frames.pop();
        }
    }

    fn into_query(self) -> Query {
        let mut text = String::new();
        let mut leaves = Vec::with_capacity(self.jumps.len());
        let mut jumps = self.jumps.into_iter().rev();
        for piece in self.pieces.into_iter().rev() {
            match piece {
                Piece::Glue(glue) => text.push_str(glue),
                Piece::Slug(slug) => {
                    let start = text.len();
                    text.push_str(slug);
                    let (on_held, on_missing) = jumps.next().expect("layout records one jump pair per slug");
                    leaves.push(Leaf { start, end: text.len(), on_held, on_missing });
                }
            }
        }
        Query { text: text.into(), leaves: leaves.into() }
    }
}
