//! Actions that are confirmed by typing the name of what they are about.

use web::form::CONFIRM;
use web::paths::Href;
use web::texts::forms as text;

use super::member_request::MemberRequest;

/// Whether what has to be typed was; else the problem, at the action.
pub fn confirmed(
    request: &MemberRequest,
    action: &Href,
    name: &str,
) -> std::result::Result<(), (String, String)> {
    match request.form().text(CONFIRM) == name.trim() {
        true => Ok(()),
        false => Err((action.as_str().to_owned(), text::type_name_exactly(name))),
    }
}
