//! Before and after, field by field; ids in them by the names of what they are of.

use leptos::prelude::*;

use super::button::link;
use crate::View;
use crate::paths::Href;
use crate::texts::{common, components as text};

/// A field that a change touched; `None` where it had or has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub field: String,
    pub before: Option<ChangedValue>,
    pub after: Option<ChangedValue>,
}

/// A value, as the parts it is shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedValue(pub Vec<ValuePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuePart {
    Text(String),
    Known(KnownId),
}

/// An id of something that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownId {
    pub id: String,
    pub name: String,
    /// Its page, of a kind that has one.
    pub href: Option<Href>,
}

impl From<String> for ChangedValue {
    fn from(text: String) -> Self {
        Self(vec![ValuePart::Text(text)])
    }
}

impl ChangedValue {
    /// How many characters are shown.
    pub(crate) fn width(&self) -> usize {
        let width = |part: &ValuePart| match part {
            ValuePart::Text(text) => text.chars().count(),
            ValuePart::Known(known) => known.name.chars().count(),
        };
        self.0.iter().map(width).sum()
    }

    /// Names in place of ids, which are told to who points at them.
    pub(crate) fn view(&self) -> View {
        let part = |part: &ValuePart| match part {
            ValuePart::Text(text) => text.clone().into_any(),
            ValuePart::Known(KnownId { id, name, href }) => {
                let name = href.as_ref().map_or_else(|| name.clone().into_any(), |href| link(name, href));
                view! { <bdi title=id.clone()>{name}</bdi> }.into_any()
            }
        };
        self.0.iter().map(part).collect_view().into_any()
    }

    /// The ids that names stand for, where there is room for them.
    fn ids(&self) -> View {
        let ids = self.0.iter().filter_map(|part| match part {
            ValuePart::Text(_) => None,
            ValuePart::Known(known) => Some(view! { <div class="hint mono">{known.id.clone()}</div> }),
        });
        ids.collect_view().into_any()
    }
}

pub(crate) fn diff(caption: &str, changes: &[Changed]) -> View {
    compared(caption, [text::BEFORE, text::AFTER], changes)
}

/// As [`diff`], between two other sides.
pub(crate) fn compared(caption: &str, sides: [&'static str; 2], changes: &[Changed]) -> View {
    let side = |value: &Option<ChangedValue>, class: &'static str| {
        let shown = value.as_ref().map_or_else(|| common::NOT_SET.into_any(), ChangedValue::view);
        view! { <td class=class><code>{shown}</code>{value.as_ref().map(ChangedValue::ids)}</td> }
    };
    let rows = changes
        .iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">{change.field.clone()}</th>
                    {side(&change.before, "before")}
                    {side(&change.after, "after")}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=caption.to_owned()>
            <table class="diff">
                <caption class="sr">{caption.to_owned()}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text::FIELD}</th>
                        {sides.map(|side| view! { <th scope="col">{side}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
