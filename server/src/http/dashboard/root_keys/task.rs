//! Rights by task: "verify only, of this API", as the form of a root key asks for them.
//!
//! Whoever chooses a task and saves at once has it, whether or not they pressed the
//! button that adds it: what was chosen is never left out.

use web::form::{FormState, MORE};
use web::texts::{common, root_key_form as text};

use super::permission_picker::{Place, places, template, template_name, template_on};
use crate::http::dashboard::member_request::MemberRequest;
use base::error::Result;

/// The field with the code of a task, and the one that says where.
const TASK: &str = "task";
const PLACE: &str = "task_of";

/// What a form asks for beside its boxes.
pub enum Chosen {
    /// These rights, and to go on.
    Rights(Vec<String>),
    /// The form once more: with the boxes of the task ticked, or what is wrong with it.
    Again(FormState),
}

/// The rights of the task that was chosen, if one was.
pub async fn chosen(request: &MemberRequest) -> Result<Chosen> {
    let rights = match rights(request).await? {
        Ok(rights) => rights,
        Err((field, text)) => {
            return Ok(Chosen::Again(request.form_with(vec![(field.to_owned(), text)])));
        }
    };
    if request.form().given(MORE).is_none() {
        return Ok(Chosen::Rights(rights));
    }
    // The button that adds never saves.
    if rights.is_empty() {
        let problem = (TASK.to_owned(), text::CHOOSE_WHAT_IT_IS_FOR.to_owned());
        return Ok(Chosen::Again(request.form_with(vec![problem])));
    }
    let mut form = request.form().state();
    form.values.retain(|(name, _)| !matches!(name.as_str(), TASK | PLACE | MORE));
    for right in rights {
        if !form.has("permissions", &right) {
            form.values.push(("permissions".to_owned(), right));
        }
    }
    Ok(Chosen::Again(form))
}

type Problem = (&'static str, String);

async fn rights(request: &MemberRequest) -> Result<std::result::Result<Vec<String>, Problem>> {
    // As it was sent: a name of blanks is a name, and no place at all is the workspace.
    let (code, place) = (request.form().text(TASK), request.form().raw(PLACE));
    let name = match (template_name(code), code, place) {
        (_, "", "") => return Ok(Ok(Vec::new())),
        (_, "", _) => return Ok(Err((TASK, text::CHOOSE_WHAT_IT_MAY_DO.to_owned()))),
        (None, ..) => return Ok(Err((TASK, common::CHOOSE_ONE_OF_THE_LIST.to_owned()))),
        (Some(name), ..) => name,
    };
    if place.is_empty() {
        return Ok(Ok(template(code)));
    }
    let places = places(request).await?;
    Ok(on_place(code, name, place, &places).map_err(|text| (PLACE, text)))
}

fn on_place(
    code: &str,
    name: &str,
    place: &str,
    places: &[Place],
) -> std::result::Result<Vec<String>, String> {
    let named = |name: &str| places.iter().filter(|known| known.name == name).collect::<Vec<_>>();
    let called = match places.iter().find(|known| known.id == place.trim()) {
        Some(by_id) => vec![by_id],
        None => Some(named(place)).filter(|found| !found.is_empty()).unwrap_or_else(|| named(place.trim())),
    };
    if called.is_empty() {
        return Err(text::NO_SUCH_API_OR_NAMESPACE.to_owned());
    }
    let mut fitting = called.iter().map(|known| template_on(code, known)).filter(|on| !on.is_empty());
    match (fitting.next(), fitting.next()) {
        (Some(rights), None) => Ok(rights),
        (Some(_), Some(_)) => Err(text::SEVERAL_ARE_CALLED_SO.to_owned()),
        (None, _) => Err(text::has_nothing_to_do_there(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_id_then_by_name_and_never_guessed() {
        let place =
            |resource, id: &str, name: &str| Place { resource, id: id.to_owned(), name: name.to_owned() };
        let places = [
            place("api", "api_1", "mail"),
            place("ratelimit", "rlns_1", "mail"),
            place("api", "api_2", "twice"),
            place("api", "api_3", "twice"),
            place("api", "api_4", "api_1"),
        ];
        let on = |code: &str, of: &str| on_place(code, "Task", of, &places);
        assert_eq!(on("verify", "mail"), Ok(vec!["api.api_1.verify_key".to_owned()]));
        assert_eq!(on("limit", "mail"), Ok(vec!["ratelimit.rlns_1.limit".to_owned()]));
        assert_eq!(on("verify", "api_1"), Ok(vec!["api.api_1.verify_key".to_owned()]));
        assert!(on("read", "mail").unwrap_err().contains("Several"), "reads both");
        assert!(on("verify", "twice").unwrap_err().contains("Several"));
        assert!(on("verify", "rlns_1").unwrap_err().contains("nothing to do"));
        assert!(on("verify", "none").unwrap_err().contains("no API"));
        for blank in [" ", "\u{3000}", ""] {
            assert!(on("verify", blank).unwrap_err().contains("no API"), "{blank:?}");
        }
        let spaced =
            [place("api", "api_1", "lead"), place("api", "api_2", " lead"), place("api", "api_3", " ")];
        let on = |of: &str| on_place("verify", "Task", of, &spaced);
        assert_eq!(on(" lead"), Ok(vec!["api.api_2.verify_key".to_owned()]));
        assert_eq!(on("lead "), Ok(vec!["api.api_1.verify_key".to_owned()]));
        assert_eq!(on(" "), Ok(vec!["api.api_3.verify_key".to_owned()]));
    }
}
