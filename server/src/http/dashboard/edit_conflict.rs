//! A form whose thing was changed since the form was opened: what is stored now
//! beside what was typed, for somebody to decide.
//!
//! That nothing is overwritten unseen is the domain's doing, in the transaction
//! that writes: see [`base::edit_version`].

use std::collections::BTreeMap;

use web::components::Changed;
use web::form::{CONFIRM, CSRF, EditConflict, FormState, MORE, NONCE, ON, VERSION};
use web::paths::Href;
use web::texts::{common, forms as text};

use super::member_request::MemberRequest;
use base::error::{Code, Error};

type Values = Vec<(String, String)>;

/// Whether a change was refused because of another one.
pub fn is_edit_conflict(error: &Error) -> bool {
    error.code() == Code::EditConflict
}

/// The form that was sent, to be shown beside what is stored by now.
pub fn sent_beside_stored(request: &MemberRequest, stored: &Values, reload: Href) -> FormState {
    conflict_form(request.form().state().values, stored, reload, |values| values.to_vec())
}

/// As [`sent_beside_stored`], of other typed values; `shown` makes of values those that
/// people compare.
pub fn conflict_form(
    typed: Values,
    stored: &Values,
    reload: Href,
    shown: impl Fn(&[(String, String)]) -> Values,
) -> FormState {
    let (before, after) = (by_label(&shown(stored)), by_label(&shown(&typed)));
    let labels: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |label: &&&String| before.get(**label) != after.get(**label);
    let fields = labels.iter().filter(differs).map(|label| Changed {
        field: (*label).clone(),
        before: before.get(*label).cloned().map(Into::into),
        after: after.get(*label).cloned().map(Into::into),
    });
    let fields = fields.collect();
    let versions = stored.iter().filter(|(name, _)| is_version(name)).cloned();
    let values = typed.into_iter().filter(|(name, _)| !is_version(name)).chain(versions).collect();
    FormState { values, conflict: Some(EditConflict { fields, reload }), ..FormState::default() }
}

fn is_version(name: &str) -> bool {
    name.starts_with(VERSION)
}

/// What each field has, several values as one text; what is empty has none.
fn by_label(values: &[(String, String)]) -> BTreeMap<String, String> {
    let hidden = [CSRF, NONCE, CONFIRM, MORE];
    let is_shown = |name: &str| !hidden.contains(&name) && !name.ends_with("_before") && !is_version(name);
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut limits: BTreeMap<usize, BTreeMap<&str, &str>> = BTreeMap::new();
    for (name, value) in values.iter().filter(|(name, _)| is_shown(name)) {
        let value = value.trim();
        match name.strip_prefix("limits.").and_then(|rest| rest.split_once('.')) {
            Some((index, field)) => {
                let index = index.parse().unwrap_or(usize::MAX);
                limits.entry(index).or_default().insert(field, value);
            }
            None if !value.is_empty() => {
                texts.entry(label(name)).or_default().push(value.replace("\r\n", "\n"));
            }
            None => {}
        }
    }
    for limit in limits.values() {
        let text = |field: &str| limit.get(field).copied().unwrap_or_default();
        if !text("name").is_empty() {
            let applies = if text("auto_apply") == ON { "" } else { text::ONLY_WHEN_NAMED };
            let line = format!("{}: {} / {}{applies}", text("name"), text("limit"), text("duration"));
            texts.entry(common::RATE_LIMITS.to_owned()).or_default().push(line);
        }
    }
    let joined = |mut values: Vec<String>| {
        values.sort_unstable();
        values.join(", ")
    };
    texts.into_iter().map(|(label, values)| (label, joined(values))).collect()
}

/// As the texts call it; a field that they do not know by the words of its name, so
/// `new_field` as `New field`.
fn label(name: &str) -> String {
    if let Some((_, words)) = text::FIELDS.iter().find(|(field, _)| *field == name) {
        return (*words).to_owned();
    }
    let words = name.replace('_', " ");
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_differs_is_shown_and_what_was_typed_is_kept() {
        let stored = values(&[
            ("version", "new"),
            ("name", "a"),
            ("enabled", "on"),
            ("roles", "x"),
            ("roles", "y"),
            ("limits.0.id", "rl_1"),
            ("limits.0.name", "requests"),
            ("limits.0.limit", "5"),
            ("limits.0.duration", "1m"),
        ]);
        let typed = values(&[
            ("version", "old"),
            ("name", " a "),
            ("roles", "y"),
            ("roles", "x"),
            ("limits.0.name", "requests"),
            ("limits.0.limit", "9"),
            ("limits.0.duration", "1m"),
            ("limits.0.auto_apply", "on"),
            ("limits.1.name", ""),
        ]);
        let form = conflict_form(typed, &stored, web::paths::home(), |values| values.to_vec());
        assert_eq!((form.value("version"), form.value("limits.0.limit")), ("new".into(), "9".into()));
        let changed = |field: &str, before: Option<&str>, after: Option<&str>| Changed {
            field: field.to_owned(),
            before: before.map(|text| text.to_owned().into()),
            after: after.map(|text| text.to_owned().into()),
        };
        assert_eq!(
            form.conflict.unwrap().fields,
            [
                changed("Enabled", Some("on"), None),
                changed("Rate limits", Some("requests: 5 / 1m, only when named"), Some("requests: 9 / 1m")),
            ]
        );
    }
}
