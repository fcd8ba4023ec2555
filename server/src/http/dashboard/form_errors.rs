//! At which field of a form a refusal of the domain is shown.

use base::error::{Error, Field};

/// Names of the fields of a form, by what the domain calls them.
pub type FieldNames = [(Field, &'static str)];

/// The field that a refusal is about; empty for the form as a whole.
pub fn field_of(error: &Error, names: &FieldNames) -> &'static str {
    let named = |field| names.iter().find(|(own, _)| *own == field);
    error.field().and_then(named).map_or("", |(_, name)| name)
}
