//! Form fields: label, control, help and problem, tied together for assistive
//! technology.

use leptos::prelude::*;

use super::diff::compared;
use super::icon::Icon;
use crate::View;
use crate::form::{EditConflict, FormState, ON};
use crate::texts::components as text;
use crate::trusted::textarea_text;

/// A text-like field about to be drawn.
pub(crate) struct Field {
    name: String,
    label: String,
    kind: &'static str,
    id: String,
    error_of: String,
    help: String,
    placeholder: String,
    required: bool,
    readonly: bool,
    autofocus: bool,
    mono: bool,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    unit: Option<&'static str>,
    rows: u8,
    list: Option<String>,
}

impl Field {
    pub(crate) fn text(name: &str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind: "text",
            id: field_id(name),
            error_of: name.to_owned(),
            help: String::new(),
            placeholder: String::new(),
            required: false,
            readonly: false,
            autofocus: false,
            mono: false,
            autocomplete: None,
            inputmode: None,
            unit: None,
            rows: 4,
            list: None,
        }
    }

    /// A whole number. Typed as text, so that a refused value is kept as typed.
    pub(crate) fn number(name: &str, label: &str) -> Self {
        let mut field = Self::text(name, label);
        field.inputmode = Some("numeric");
        field.autocomplete = Some("off");
        field
    }

    pub(crate) fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Tells fields of one name apart on a page with several forms. The problem
    /// of such a field is the one of `action`.
    pub(crate) fn scoped(mut self, action: &str) -> Self {
        self.id = field_id(&format!("{}-{action}", self.name));
        action.clone_into(&mut self.error_of);
        self
    }

    pub(crate) fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    pub(crate) fn placeholder(mut self, text: &str) -> Self {
        text.clone_into(&mut self.placeholder);
        self
    }

    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) fn readonly(mut self, readonly: bool) -> Self {
        self.readonly = readonly;
        self
    }

    pub(crate) fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Code, ids, JSON.
    pub(crate) fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    pub(crate) fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = Some(what);
        self
    }

    pub(crate) fn no_autofill(self) -> Self {
        self.autocomplete("off")
    }

    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) fn rows(mut self, rows: u8) -> Self {
        self.rows = rows;
        self
    }

    /// The id of a `<datalist>` with suggestions.
    pub(crate) fn suggestions(mut self, list: &str) -> Self {
        self.list = Some(list.to_owned());
        self
    }
}

/// `limits.0.name` as `f-limits-0-name`.
pub(crate) fn field_id(name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(120).collect();
    format!("f-{clean}")
}

/// What a control says about itself: ids of help and problem, and whether it is wrong.
struct Described {
    error: Option<String>,
    described_by: Option<String>,
    invalid: Option<&'static str>,
}

fn describe(form: &FormState, id: &str, error_of: &str, help: &str) -> Described {
    let error = form.error(error_of);
    let ids = [(error.is_some(), format!("{id}-error")), (!help.is_empty(), format!("{id}-help"))];
    let ids: Vec<_> = ids.into_iter().filter(|(shown, _)| *shown).map(|(_, id)| id).collect();
    let described_by = (!ids.is_empty()).then(|| ids.join(" "));
    Described { invalid: error.is_some().then_some("true"), error, described_by }
}

fn frame(id: &str, label: &str, required: bool, help: &str, error: Option<String>, control: View) -> View {
    let mark = required.then(|| view! { <span class="required">{text::REQUIRED}</span> });
    let help =
        (!help.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-help")>{help.to_owned()}</p> });
    let error = error.map(|error| {
        view! { <p class="field-error" id=format!("{id}-error")>{Icon::Warning.view()}{error}</p> }
    });
    view! {
        <div class="field">
            <label for=id.to_owned()>{label.to_owned()}{mark}</label>
            {control}
            {error}
            {help}
        </div>
    }
    .into_any()
}

/// A one-line field with the value of the form. Passwords are never filled in.
pub(crate) fn input(form: &FormState, field: Field) -> View {
    let state = describe(form, &field.id, &field.error_of, &field.help);
    let secret = field.kind == "password" || field.error_of != field.name;
    let value = (!secret).then(|| form.value(&field.name));
    let unit = field.unit.map(|unit| view! { <span class="unit">{unit}</span> });
    let placeholder = (!field.placeholder.is_empty()).then_some(field.placeholder);
    let control = view! {
        <span class="control">
            <input
                type=field.kind
                id=field.id.clone()
                name=field.name
                value=value
                class=field.mono.then_some("mono")
                placeholder=placeholder
                required=field.required
                readonly=field.readonly
                autofocus=field.autofocus
                autocomplete=field.autocomplete
                inputmode=field.inputmode
                list=field.list
                aria-invalid=state.invalid
                aria-describedby=state.described_by
            />
            {unit}
        </span>
    };
    frame(&field.id, &field.label, field.required, &field.help, state.error, control.into_any())
}

/// A field of several lines.
pub(crate) fn area(form: &FormState, field: Field) -> View {
    let state = describe(form, &field.id, &field.error_of, &field.help);
    let placeholder = (!field.placeholder.is_empty()).then_some(field.placeholder);
    let text = textarea_text(&form.value(&field.name));
    let control = view! {
        <textarea
            id=field.id.clone()
            name=field.name
            rows=field.rows.to_string()
            class=field.mono.then_some("mono")
            placeholder=placeholder
            required=field.required
            spellcheck="false"
            aria-invalid=state.invalid
            aria-describedby=state.described_by
        >
            {text}
        </textarea>
    };
    frame(&field.id, &field.label, field.required, &field.help, state.error, control.into_any())
}

/// One of several values: pairs of value and text.
pub(crate) fn select(
    form: &FormState,
    name: &str,
    label: &str,
    help: &str,
    options: &[(&str, &str)],
) -> View {
    let id = field_id(name);
    let state = describe(form, &id, name, help);
    let chosen = form.value(name);
    // What an address or a program says and the list does not is shown, not replaced.
    let other = !chosen.is_empty() && !options.iter().any(|(value, _)| *value == chosen);
    let other = other.then_some((chosen.as_str(), chosen.as_str()));
    let options = options
        .iter()
        .copied()
        .chain(other)
        .map(|(value, text)| {
            let selected = value == chosen;
            view! { <option value=value.to_owned() selected=selected>{text.to_owned()}</option> }
        })
        .collect_view();
    let control = view! {
        <span class="control select">
            <select
                id=id.clone()
                name=name.to_owned()
                aria-invalid=state.invalid
                aria-describedby=state.described_by
            >
                {options}
            </select>
            {Icon::Down.view()}
        </span>
    };
    frame(&id, label, false, help, state.error, control.into_any())
}

/// A switch; ticked when the form has `name` as `on`.
pub(crate) fn check(form: &FormState, name: &str, label: &str, help: &str) -> View {
    let id = field_id(name);
    let state = describe(form, &id, name, help);
    let help_line =
        (!help.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-help")>{help.to_owned()}</p> });
    let error =
        state.error.map(|error| view! { <p class="field-error" id=format!("{id}-error")>{error}</p> });
    view! {
        <div class="field check">
            <input
                type="checkbox"
                id=id.clone()
                name=name.to_owned()
                value=ON
                checked=form.has(name, ON)
                aria-invalid=state.invalid
                aria-describedby=state.described_by
            />
            <label for=id.clone()>{label.to_owned()}</label>
            {error}
            {help_line}
        </div>
    }
    .into_any()
}

/// Several of several values: value, text and a note on each. One field name,
/// posted once for each that is ticked.
pub(crate) fn choices(
    form: &FormState,
    name: &str,
    legend: &str,
    help: &str,
    options: &[(String, String, String)],
) -> View {
    let boxes = options
        .iter()
        .map(|(value, text, note)| {
            let id = field_id(&format!("{name}-{value}"));
            let note = (!note.is_empty()).then(|| view! { <span class="note">{note.clone()}</span> });
            view! {
                <li>
                    <input
                        type="checkbox"
                        id=id.clone()
                        name=name.to_owned()
                        value=value.clone()
                        checked=form.has(name, value)
                    />
                    <label for=id>{text.clone()}{note}</label>
                </li>
            }
        })
        .collect_view();
    let error = form.error(name).map(|error| view! { <p class="field-error">{error}</p> });
    let help = (!help.is_empty()).then(|| view! { <p class="hint">{help.to_owned()}</p> });
    view! {
        <fieldset class="choices">
            <legend>{legend.to_owned()}</legend>
            {help}
            {error}
            <ul>{boxes}</ul>
        </fieldset>
    }
    .into_any()
}

pub(crate) fn hidden(name: &str, value: &str) -> View {
    view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> }.into_any()
}

/// Where a section of a form is in its page: `Rate limits` is at `s-rate-limits`.
pub(crate) fn section_id(title: &str) -> String {
    format!("s-{}", title.to_lowercase().replace(' ', "-"))
}

/// A section of a form: what it is about at the left, its fields at the right.
pub(crate) fn fieldset(title: &str, about: &str, fields: Vec<View>) -> View {
    let about = (!about.is_empty()).then(|| view! { <p class="hint">{about.to_owned()}</p> });
    view! {
        <fieldset class="form-section" id=section_id(title)>
            <legend>{title.to_owned()}</legend>
            {about}
            <div class="form-fields">{fields}</div>
        </fieldset>
    }
    .into_any()
}

/// That somebody else saved first: what is stored now beside what was typed.
fn conflict_notice(conflict: &EditConflict) -> View {
    let (text, fields) = if conflict.fields.is_empty() {
        (text::FORM_HAS_WHAT_IS_STORED, ().into_any())
    } else {
        let sides = [text::STORED_NOW, text::IN_THIS_FORM];
        let table = compared(text::WHAT_IS_STORED_AND_WHAT_YOU_ENTERED, sides, &conflict.fields);
        (text::NOTHING_WAS_SAVED, table)
    };
    view! {
        <div class="notice t-caution" role="alert">
            {Icon::Warning.view()}
            <p><b>{text::CHANGED_SINCE_YOU_OPENED}</b>{text}</p>
        </div>
        {fields}
        <p class="hint"><a href=conflict.reload.to_string()>{text::DROP_WHAT_I_ENTERED}</a></p>
    }
    .into_any()
}

/// The problem of the form as a whole, and how many fields have one.
pub(crate) fn form_error(form: &FormState) -> View {
    if let Some(conflict) = &form.conflict {
        return conflict_notice(conflict);
    }
    let lines = form.summary();
    if lines.is_empty() {
        return ().into_any();
    }
    let lines = lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view();
    view! { <div class="notice t-error" role="alert">{Icon::Warning.view()}<div>{lines}</div></div> }
        .into_any()
}
