//! Choosing the rows of a list: words or the filter language in one box, fields
//! that unfold, a pill for each choice in force, and views saved under a name.

use leptos::prelude::*;

use super::button::post_form;
use super::field::{field_id, hidden};
use super::icon::Icon;
use crate::View;
use crate::paths::{self, CURSOR, HIDE, Here, Href, QUERY, SORT};
use crate::texts::{common, components as text};

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterKind {
    Text {
        placeholder: String,
    },
    /// Any of these: value and text.
    AnyOf(Vec<(String, String)>),
}

/// A field by which rows are chosen; its name is the query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterField {
    pub name: String,
    pub label: String,
    pub kind: FilterKind,
}

/// A set of choices under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub id: String,
    pub name: String,
    pub href: Href,
    /// Whether everybody in the workspace sees it.
    pub shared: bool,
    /// Whether who looks may delete it.
    pub deletable: bool,
}

/// How the rows of a list were chosen. The choices themselves are in the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    pub here: Here,
    /// What the box finds, as its placeholder; empty for no box.
    pub searches: String,
    pub fields: Vec<FilterField>,
    /// What the server could not understand of the filter language.
    pub problems: Vec<String>,
    pub saved: Vec<SavedView>,
    /// Whether the choices can be saved here.
    pub can_save: bool,
}

impl Filters {
    /// A list that is only searched.
    pub fn search_only(here: Here, searches: &str) -> Self {
        let searches = searches.to_owned();
        Self { here, searches, fields: vec![], problems: vec![], saved: vec![], can_save: false }
    }

    /// Whether anything is chosen, so that no rows means no match.
    pub fn is_active(&self) -> bool {
        !self.chosen().is_empty()
    }

    fn chosen(&self) -> Vec<(String, String, String)> {
        let label = |name: &str, value: &str| -> Option<(String, String)> {
            if name == QUERY {
                return Some(("search".to_owned(), value.to_owned()));
            }
            let field = self.fields.iter().find(|field| field.name == name)?;
            let text = match &field.kind {
                FilterKind::AnyOf(options) => options.iter().find(|(code, _)| code == value),
                FilterKind::Text { .. } => None,
            };
            Some((field.label.clone(), text.map_or(value, |(_, text)| text).to_owned()))
        };
        let pairs = self.here.pairs.iter().filter(|(_, value)| !value.is_empty());
        pairs
            .filter_map(|(name, value)| label(name, value).map(|(label, text)| (name, value, label, text)))
            .map(|(name, value, label, text)| (label, text, self.here.without_pair(name, value).to_string()))
            .collect()
    }
}

/// `extra` are controls beside the box: time range, live tail.
pub(crate) fn filter_bar(csrf: &str, filters: &Filters, extra: Vec<View>) -> View {
    let problems = filters.problems.iter().map(|text| {
        view! { <p class="field-error" role="alert">{Icon::Warning.view()}{text.clone()}</p> }.into_any()
    });
    view! {
        <div class="filters">
            <div class="filter-row">
                <form method="get" action=filters.here.path.to_string() class="filter-form" role="search" aria-label=text::THIS_LIST>
                    {kept(filters)}
                    {search_box(filters)}
                    {fields(filters)}
                </form>
                {extra}
                {saved(csrf, filters)}
            </div>
            {problems.collect_view()}
            {pills(filters)}
        </div>
    }
    .into_any()
}

/// Parameters that the form does not have itself.
fn kept(filters: &Filters) -> Vec<View> {
    let own = |name: &str| name == QUERY || name == CURSOR || filters.fields.iter().any(|f| f.name == name);
    let kept = filters.here.pairs.iter().filter(|(name, _)| !own(name));
    kept.map(|(name, value)| hidden(name, value)).collect()
}

fn search_box(filters: &Filters) -> View {
    if filters.searches.is_empty() {
        return ().into_any();
    }
    let value = filters.here.get(QUERY).unwrap_or_default().to_owned();
    view! {
        <span class="control search">
            {Icon::Search.view()}
            <input
                type="search"
                name=QUERY
                value=value
                placeholder=filters.searches.clone()
                aria-label=filters.searches.clone()
                autocomplete="off"
                spellcheck="false"
                data-filter=""
            />
        </span>
        <button type="submit" class="button sr-focus">{common::SEARCH}</button>
    }
    .into_any()
}

fn fields(filters: &Filters) -> View {
    if filters.fields.is_empty() {
        return ().into_any();
    }
    let controls = filters.fields.iter().map(|field| control(filters, field)).collect_view();
    view! {
        <details class="menu">
            <summary class="button">{Icon::Filter.view()}<span>{common::FILTER}</span></summary>
            <div class="popover filter-fields">
                {controls}
                <button type="submit" class="button primary">{common::APPLY}</button>
            </div>
        </details>
    }
    .into_any()
}

fn control(filters: &Filters, field: &FilterField) -> View {
    let id = field_id(&format!("filter-{}", field.name));
    let name = field.name.clone();
    match &field.kind {
        FilterKind::Text { placeholder } => {
            let value = filters.here.get(&name).unwrap_or_default().to_owned();
            view! {
                <div class="field">
                    <label for=id.clone()>{field.label.clone()}</label>
                    <input type="text" id=id name=name value=value placeholder=placeholder.clone()/>
                </div>
            }
            .into_any()
        }
        FilterKind::AnyOf(options) => {
            let boxes = options
                .iter()
                .map(|(value, text)| {
                    let checked =
                        filters.here.pairs.iter().any(|(own, chosen)| *own == name && chosen == value);
                    let name = name.clone();
                    view! {
                        <li>
                            <label>
                                <input type="checkbox" name=name value=value.clone() checked=checked/>
                                {text.clone()}
                            </label>
                        </li>
                    }
                })
                .collect_view();
            view! { <fieldset class="choices"><legend>{field.label.clone()}</legend><ul>{boxes}</ul></fieldset> }
                .into_any()
        }
    }
}

fn pills(filters: &Filters) -> View {
    let chosen = filters.chosen();
    if chosen.is_empty() {
        return ().into_any();
    }
    let pills = chosen
        .into_iter()
        .map(|(label, value, without)| {
            let remove = text::remove_filter(&label, &value);
            view! {
                <li class="pill">
                    <span>{label}</span>
                    <b>{value}</b>
                    <a href=without aria-label=remove.clone() title=remove>{Icon::Cross.view()}</a>
                </li>
            }
        })
        .collect_view();
    let names: Vec<_> = filters.fields.iter().map(|field| field.name.as_str()).chain([QUERY]).collect();
    view! {
        <ul class="pills" aria-label=common::FILTERS_IN_FORCE>
            {pills}
            <li><a href=filters.here.without(&names).to_string()>{text::CLEAR_ALL}</a></li>
        </ul>
    }
    .into_any()
}

fn saved(csrf: &str, filters: &Filters) -> View {
    if !filters.can_save && filters.saved.is_empty() {
        return ().into_any();
    }
    let views = filters.saved.iter().map(|view| saved_view(csrf, view)).collect_view();
    let save = (filters.can_save
        && (filters.is_active() || [HIDE, SORT].iter().any(|name| filters.here.get(name).is_some())))
    .then(|| {
        let body = view! {
            {hidden("back", filters.here.without(&[]).as_str())}
            <label>{text::SAVE_THIS_VIEW_AS} <input type="text" name="name" required maxlength="64"/></label>
            <label><input type="checkbox" name="shared" value="on"/>{common::SHARE_WITH_THE_WORKSPACE}</label>
            <button type="submit" class="button">{text::SAVE_VIEW}</button>
        };
        post_form(csrf, &paths::save_view(), "save-view", vec![body.into_any()])
    });
    let none = (filters.saved.is_empty() && save.is_none())
        .then(|| view! { <p class="hint">{text::HOW_TO_SAVE_A_VIEW}</p> });
    view! {
        <details class="menu">
            <summary class="button">{Icon::Star.view()}<span>{text::VIEWS}</span></summary>
            <div class="popover">
                <ul class="saved">{views}</ul>
                {none}
                {save}
            </div>
        </details>
    }
    .into_any()
}

/// A saved view in a list of them: its link, and the way to delete it.
pub(crate) fn saved_view(csrf: &str, saved: &SavedView) -> View {
    let remove = saved.deletable.then(|| {
        let button = view! {
            <button type="submit" class="icon-button" aria-label=text::delete_view(&saved.name)>
                {Icon::Cross.view()}
            </button>
        };
        post_form(csrf, &paths::delete_view(&saved.id), "inline", vec![button.into_any()])
    });
    let shared = saved.shared.then(|| view! { <span class="note">{text::SHARED}</span> });
    view! { <li><a href=saved.href.to_string()>{saved.name.clone()}</a>{shared}{remove}</li> }.into_any()
}
