//! Input that survives a refusal: what was typed, and what was wrong with it.
//!
//! A view with a form carries a [`FormState`]. On a first visit its values are
//! the entity's; after a refused POST they are what was posted, so nothing typed
//! is lost, and each problem is shown at its field. Whether input is acceptable
//! is not decided here.

use crate::components::Changed;
use crate::paths::Href;
use crate::texts::components as text;

/// Name of the hidden field with the form token.
pub const CSRF: &str = "csrf";
/// Name of the hidden field that makes a create happen once however often it is posted.
pub const NONCE: &str = "nonce";
/// Name of the hidden field with the version of what a form changes. Where a page
/// has several such forms, the names of the others begin with it.
pub const VERSION: &str = "version";
/// Name of the field where a name is typed to confirm an irreversible act.
pub const CONFIRM: &str = "confirm";
/// Name of the button that asks for one more empty row of a repeated group; its
/// value is the group. The handler renders the form again with what was posted.
pub const MORE: &str = "more";
/// Name of the checkboxes of a list; posted once for each chosen row.
pub const SELECTED: &str = "id";
/// Name of the checkbox that extends a selection to every row that matches.
pub const ALL_MATCHING: &str = "all_matching";
/// The value of a ticked checkbox.
pub const ON: &str = "on";

/// Values and problems of one form. Field names repeat for multiple choices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState {
    /// Name and value, in the order of the form.
    pub values: Vec<(String, String)>,
    /// Field name and problem; an empty name means the form as a whole.
    pub errors: Vec<(String, String)>,
    /// Set if what the form changes was changed since it was opened.
    pub conflict: Option<EditConflict>,
}

/// Nothing was saved, because somebody else saved first. The values of the form
/// are what was typed; saving them again replaces what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditConflict {
    /// What differs: `before` is stored now, `after` was typed.
    pub fields: Vec<Changed>,
    /// The form as it is stored.
    pub reload: Href,
}

impl FormState {
    pub fn new(values: Vec<(String, String)>) -> Self {
        Self { values, errors: Vec::new(), conflict: None }
    }

    /// The value of a field, empty when absent.
    pub fn value(&self, name: &str) -> String {
        self.values.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Whether a checkbox is ticked or a choice is among the chosen.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(own, chosen)| own == name && chosen == value)
    }

    pub fn error(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|(own, _)| own == name).map(|(_, message)| message.clone())
    }

    /// What stands above a form whose input was refused, one sentence each. Problems of acts
    /// beside it, which are named by their paths, are not its own. A field that was not sent
    /// may not be there to be marked: its problem is told here.
    pub(crate) fn summary(&self) -> Vec<String> {
        let own = self.errors.iter().filter(|(name, _)| !name.starts_with('/'));
        let is_marked = |name: &str| self.values.iter().any(|(own, _)| own == name);
        let (marked, told): (Vec<_>, Vec<_>) = own.partition(|(name, _)| is_marked(name));
        let mut lines = Vec::new();
        if !marked.is_empty() && !told.iter().any(|(name, _)| name.is_empty()) {
            lines.push(text::NOT_DONE_SEE_MARKED_FIELDS.to_owned());
        }
        for (_, message) in told {
            if !lines.contains(message) {
                lines.push(message.clone());
            }
        }
        lines
    }

    /// Whether a row of the repeated group `group` is stored or was sent.
    pub(crate) fn has_row(&self, group: &str, index: usize) -> bool {
        let row = format!("{group}.{index}.");
        self.values.iter().any(|(name, _)| name.starts_with(&row))
    }

    /// Rows of the repeated group `group`, whose fields are `group.0.name`: one
    /// more than the last that holds anything, so that there is room to add.
    pub(crate) fn rows(&self, group: &str) -> usize {
        let index = |name: &str| -> Option<usize> {
            name.strip_prefix(group)?.strip_prefix('.')?.split('.').next()?.parse().ok()
        };
        let filled = self.values.iter().filter(|(_, value)| !value.is_empty() && value != ON);
        let last = filled.filter_map(|(name, _)| index(name)).max();
        last.map_or(0, |last| last + 1).min(MAX_ROWS - 1) + 1
    }
}

/// Rows of a repeated group; the contract allows 50 rate limits.
const MAX_ROWS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn state(values: &[(&str, &str)]) -> FormState {
        FormState::new(values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn a_group_always_has_one_empty_row() {
        assert_eq!(state(&[]).rows("limits"), 1);
        assert_eq!(state(&[("limits.0.name", "a"), ("limits.1.name", "")]).rows("limits"), 2);
        assert_eq!(state(&[("limits.3.limit", "a"), ("limits.7.auto", "on")]).rows("limits"), 5);
    }

    #[test]
    fn a_problem_is_told_above_the_form_where_no_field_is_marked() {
        let refused = |errors: &[(&str, &str)]| {
            let errors = errors.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
            FormState { errors, ..state(&[("name", "a")]) }.summary()
        };
        let marked = "This was not done. See the marked fields.";
        assert_eq!(refused(&[("name", "Too short.")]), [marked]);
        assert_eq!(refused(&[("name", "Too short."), ("", "No.")]), ["No."]);
        assert_eq!(refused(&[("roles", "Which?"), ("name", "Too short.")]), [marked, "Which?"]);
        assert_eq!(refused(&[("roles", "Which?")]), ["Which?"]);
        assert_eq!(refused(&[("/apis/api_1/delete", "Type the name.")]), [""; 0]);
    }

    #[test]
    fn a_forged_index_does_not_make_a_page_endless() {
        assert_eq!(state(&[("limits.4000000000.name", "a")]).rows("limits"), MAX_ROWS);
        assert_eq!(state(&[("limits.x.name", "a")]).rows("limits"), 1);
    }
}
