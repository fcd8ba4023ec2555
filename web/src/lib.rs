//! The dashboard's markup: view models in, HTML out.
//!
//! A page is a function from [`shell::Shell`] (who looks, at which workspace)
//! and a view model (what there is to see) to a `String`. Reading order:
//! [`paths`] for every address, [`form`] for input that survives a refusal,
//! [`components`] and [`charts`] for the parts, [`pages`] for the whole.
//! Deliberately absent:
//!
//! * No I/O, async, clock or randomness: the same view gives the same bytes.
//! * No type of the rest of the workspace; whoever loads data fills the views.
//! * No decision about rights. [`shell::May`] only hides what would be refused.
//! * No inline script, handler or style: the pages work under a strict content
//!   security policy, and without JavaScript.

pub mod charts;
pub mod components;
pub mod form;
pub mod number;
pub mod pages;
pub mod paths;
pub mod shell;
pub mod texts;
pub mod time;
pub mod trusted;

use leptos::prelude::{AnyView, RenderHtml};

/// A piece of a page with its type forgotten, which keeps compile times short.
pub type View = AnyView;

/// The bytes of a piece. The renderer marks places for hydration with `<!>`,
/// which nothing here needs and which is not valid HTML; text cannot hold these
/// characters unescaped.
fn to_html(view: View) -> String {
    view.to_html().replace("<!>", "")
}
