//! Values: ids to copy, instants, numbers, facts.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::number::{compact, count, exact};
use crate::texts::{common, components as text};
use crate::time::Stamp;

/// An id that copies itself when pressed. Without script it is text to select.
pub(crate) fn copy_chip(value: &str, what: &str) -> View {
    view! {
        <span class="copy-chip">
            <code>{value.to_owned()}</code>
            <button
                type="button"
                class="icon-button needs-js"
                data-copy=value.to_owned()
                aria-label=text::copy_what(what)
                title=text::copy_what(what)
            >
                {Icon::Copy.view()}
            </button>
        </span>
    }
    .into_any()
}

pub(crate) fn mono(text: &str) -> View {
    view! { <code>{text.to_owned()}</code> }.into_any()
}

/// The place of a value that is not there.
pub(crate) fn nothing(word: &'static str) -> View {
    view! { <span class="none">{word}</span> }.into_any()
}

/// An instant: relative in the text, local, UTC and raw in the title.
pub(crate) fn stamp(at: &Stamp) -> View {
    let title = format!("{}\n{}\n{} ms", at.local, at.utc, at.ms);
    view! {
        <time datetime=at.utc.clone() title=title data-ms=at.ms.to_string()>
            {at.relative.clone()}
        </time>
    }
    .into_any()
}

/// An instant in a log: to the second in the text, as rows are compared with each other.
pub(crate) fn log_stamp(at: &Stamp) -> View {
    let title = format!("{}\n{}\n{}\n{} ms", at.relative, at.local, at.utc, at.ms);
    let text = at.local.rsplit_once(' ').map_or(at.local.as_str(), |(time, _)| time).to_owned();
    view! { <time datetime=at.utc.clone() title=title>{text}</time> }.into_any()
}

pub(crate) fn optional_stamp(at: &Option<Stamp>, absent: &'static str) -> View {
    at.as_ref().map_or_else(|| nothing(absent), stamp)
}

/// A number: short in the text, exact in the title.
pub(crate) fn num(value: i64) -> View {
    let title = (value.unsigned_abs() >= 1000).then(|| exact(value));
    view! { <span class="num" title=title>{compact(value)}</span> }.into_any()
}

/// A count that gives up: above some hundreds it is only known to be more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundedCount {
    pub count: i64,
    /// Whether there are more than that.
    pub more: bool,
}

impl BoundedCount {
    /// `1 key`, `500+ keys`.
    pub fn text(self, noun: &str) -> String {
        let text = count(self.count, noun);
        if self.more { text.replacen(' ', "+ ", 1) } else { text }
    }

    pub(crate) fn view(self) -> View {
        match self.more {
            true => view! { <span class="num">{format!("{}+", exact(self.count))}</span> }.into_any(),
            false => num(self.count),
        }
    }
}

/// What is stored of a secret: its start and its last four characters.
pub(crate) fn masked(start: &str, last4: &str) -> View {
    view! {
        <code class="masked">
            {start.to_owned()}
            <span aria-hidden="true">"••••"</span>
            <span class="sr">{text::HIDDEN}</span>
            {last4.to_owned()}
        </code>
    }
    .into_any()
}

/// Names and values of an entity.
pub(crate) fn facts(rows: Vec<(&str, View)>) -> View {
    let rows = rows
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt>{name.to_owned()}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

/// Short words in a row.
pub(crate) fn tags(words: &[String]) -> View {
    if words.is_empty() {
        return nothing(common::NONE);
    }
    let words = words.iter().map(|word| view! { <li>{word.clone()}</li> }).collect_view();
    view! { <ul class="tags">{words}</ul> }.into_any()
}
