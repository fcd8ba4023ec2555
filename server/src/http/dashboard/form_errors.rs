//! At which field of a form a refusal of the domain is shown.

use base::error::{Code, Error};

/// The field that a refusal is about: the one it names, or that of a name taken.
pub fn field_of<'a>(error: &Error, fields: &[&'a str]) -> &'a str {
    let taken = match error.code() {
        Code::IdentityExists => "external_id",
        Code::RoleExists => "name",
        Code::PermissionExists => "slug",
        _ => "",
    };
    let named = |field: &&&str| **field == taken || error.detail().starts_with(&format!("The {field} "));
    fields.iter().find(named).copied().unwrap_or_default()
}
