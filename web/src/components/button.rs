//! Buttons and links. What changes something is a form with a token; what only
//! shows something is a link.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::form::CSRF;
use crate::paths::Href;
use crate::texts::common as text;

/// A plain link.
pub(crate) fn link(text: &str, href: &Href) -> View {
    view! { <a href=href.to_string()>{text.to_owned()}</a> }.into_any()
}

/// A link that looks like a button. `look` is `primary`, `danger` or empty.
pub(crate) fn button_link(icon: Option<Icon>, text: &str, href: &Href, look: &'static str) -> View {
    view! {
        <a class=format!("button {look}") href=href.to_string()>
            {icon.map(Icon::view)}
            <span>{text.to_owned()}</span>
        </a>
    }
    .into_any()
}

/// A form that posts to `action` with the token of the session.
pub(crate) fn post_form(csrf: &str, action: &Href, class: &'static str, body: Vec<View>) -> View {
    view! {
        <form method="post" action=action.to_string() class=class>
            <input type="hidden" name=CSRF value=csrf.to_owned()/>
            {body}
        </form>
    }
    .into_any()
}

/// The button that sends the form around it.
pub(crate) fn submit(text: &str, look: &'static str) -> View {
    view! { <button type="submit" class=format!("button {look}")>{text.to_owned()}</button> }.into_any()
}

/// What Enter in a field presses: the first button of a form, which must not be the one
/// that
/// asks for another row or adds rights.
pub(crate) fn pressed_by_enter() -> View {
    view! { <button type="submit" class="sr" tabindex="-1" aria-hidden="true">{text::SAVE}</button> }
        .into_any()
}

/// One act on one entity: a form that is only a button.
pub(crate) fn act(csrf: &str, icon: Option<Icon>, text: &str, action: &Href, look: &'static str) -> View {
    let body = view! {
        <button type="submit" class=format!("button {look}")>
            {icon.map(Icon::view)}
            <span>{text.to_owned()}</span>
        </button>
    };
    post_form(csrf, action, "inline", vec![body.into_any()])
}

/// The buttons under a form, the sentence about their consequence first.
pub(crate) fn action(consequence: &str, buttons: Vec<View>) -> View {
    let hint = (!consequence.is_empty()).then(|| view! { <p class="hint">{consequence.to_owned()}</p> });
    view! { <div class="form-actions">{buttons}{hint}</div> }.into_any()
}
