//! What a root key can be given, as the form shows it: the permissions that the
//! domain knows, by resource, for the workspace and for single APIs and
//! namespaces; and sets of them for common purposes.

use std::collections::HashSet;

use web::form::FormState;
use web::pages::root_key_form::{GrantGroup, GrantOption, GrantPlace, GrantScope, GrantTemplate};
use web::texts::{common, root_key_form as text};

use crate::http::dashboard::member_request::MemberRequest;
use base::error::Result;
use domain::root_keys::permission::{Choice, of_one, of_workspace};

/// APIs and namespaces with boxes of their own; rights on others are lines of a field.
const MAX_SCOPES: usize = 50;

/// Names that the field of a task suggests; any other can be typed.
const MAX_SUGGESTIONS: usize = 100;

/// The workspace, and the APIs and namespaces of which the form has rights.
pub async fn scopes(request: &MemberRequest, form: &FormState) -> Result<Vec<GrantScope>> {
    let whole = GrantScope {
        title: text::WHOLE_WORKSPACE.to_owned(),
        id: String::new(),
        groups: groups(of_workspace(&request.cx.workspace)),
    };
    let named: HashSet<(&str, &str)> = rights_of(form).filter_map(of_single).collect();
    let places = places(request).await?;
    let chosen = places.iter().filter(|place| named.contains(&(place.resource, place.id.as_str())));
    let chosen = chosen.map(|place| GrantScope {
        title: place.name.clone(),
        id: place.id.clone(),
        groups: groups(of_one(place.resource, &place.id)),
    });
    Ok(std::iter::once(whole).chain(chosen.take(MAX_SCOPES)).collect())
}

/// All that a form grants, in boxes and in lines.
fn rights_of(form: &FormState) -> impl Iterator<Item = &str> {
    let granting = form.values.iter().filter(|(name, _)| matches!(name.as_str(), "permissions" | "other"));
    granting.flat_map(|(_, value)| value.lines().map(str::trim))
}

/// Resource and id of a right on a single one.
fn of_single(right: &str) -> Option<(&str, &str)> {
    let mut parts = right.split('.');
    Some((parts.next()?, parts.next()?)).filter(|(_, id)| *id != "*")
}

/// An API or a namespace, on which alone rights can be given.
pub(super) struct Place {
    pub resource: &'static str,
    pub id: String,
    pub name: String,
}

pub(super) async fn places(request: &MemberRequest) -> Result<Vec<Place>> {
    let apis = request.app.apis.list(&request.cx).await?;
    let apis = apis.into_iter().map(|api| Place { resource: "api", id: api.id.to_string(), name: api.name });
    let namespaces = request.app.namespaces.list(&request.cx).await?;
    let namespaces = namespaces.into_iter().map(|one| Place {
        resource: "ratelimit",
        id: one.id.to_string(),
        name: one.name,
    });
    Ok(apis.chain(namespaces).collect())
}

/// APIs and namespaces as the form suggests them.
pub async fn place_names(request: &MemberRequest) -> Result<Vec<GrantPlace>> {
    let places = places(request).await?;
    let times = |name: &str| places.iter().filter(|place| place.name == name).count();
    // What a field for text gives back as it was offered.
    let is_plain =
        |name: &str| !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
    let suggested = places.iter().take(MAX_SUGGESTIONS).map(|place| {
        let kind = if place.resource == "api" { common::API } else { text::NAMESPACE_OF_PLACE };
        match times(&place.name) {
            1 if is_plain(&place.name) => GrantPlace { value: place.name.clone(), about: kind.to_owned() },
            _ => GrantPlace { value: place.id.clone(), about: format!("{kind} {}", place.name) },
        }
    });
    Ok(suggested.collect())
}

/// By title, in the order in which titles first occur.
fn groups(choices: Vec<Choice>) -> Vec<GrantGroup> {
    let mut groups: Vec<GrantGroup> = Vec::new();
    for choice in choices {
        let title = title(&choice);
        let option = GrantOption { label: label(&choice.action), permission: choice.text };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.options.push(option),
            None => groups.push(GrantGroup { title: title.to_owned(), options: vec![option] }),
        }
    }
    groups
}

fn title(choice: &Choice) -> &'static str {
    match choice.resource {
        "api" if choice.action.ends_with("_key") => common::KEYS,
        "api" => common::APIS,
        "ratelimit" => common::RATE_LIMITS,
        "rbac" => common::ROLES_AND_PERMISSIONS,
        "identity" => common::IDENTITIES,
        "portal" => text::PORTALS,
        "webhook" => text::WEBHOOKS,
        _ => common::WORKSPACE,
    }
}

/// `create_key` as `Create key`, `read_rootKeys` as `Read root keys`.
fn label(action: &str) -> String {
    let mut label = String::with_capacity(action.len() + 2);
    for character in action.chars() {
        match character {
            '_' => label.push(' '),
            upper if upper.is_ascii_uppercase() => {
                label.push(' ');
                label.push(upper.to_ascii_lowercase());
            }
            first if label.is_empty() => label.push(first.to_ascii_uppercase()),
            other => label.push(other),
        }
    }
    label
}

/// A set of permissions for a common purpose.
struct Template {
    code: &'static str,
    name: &'static str,
    about: &'static str,
    permissions: &'static [&'static str],
}

const TEMPLATES: [Template; 5] = [
    Template {
        code: "verify",
        name: text::VERIFY_ONLY,
        about: text::VERIFY_ONLY_ABOUT,
        permissions: &["api.*.verify_key"],
    },
    Template {
        code: "limit",
        name: common::RATE_LIMITS,
        about: text::RATE_LIMITS_ABOUT,
        permissions: &["ratelimit.*.limit", "ratelimit.*.create_namespace"],
    },
    Template {
        code: "issuer",
        name: text::ISSUER,
        about: text::ISSUER_ABOUT,
        permissions: &[
            "api.*.create_key",
            "api.*.read_key",
            "api.*.update_key",
            "api.*.delete_key",
            "api.*.read_api",
            "identity.*.create_identity",
            "identity.*.read_identity",
        ],
    },
    Template {
        code: "ci",
        name: text::CI,
        about: text::CI_ABOUT,
        permissions: &[
            "api.*.create_api",
            "api.*.read_api",
            "api.*.update_api",
            "ratelimit.*.create_namespace",
            "ratelimit.*.read_namespace",
            "ratelimit.*.set_override",
            "rbac.*.create_permission",
            "rbac.*.read_permission",
            "rbac.*.create_role",
            "rbac.*.read_role",
            "rbac.*.add_permission_to_role",
        ],
    },
    Template {
        code: "read",
        name: text::READ_ONLY,
        about: text::READ_ONLY_ABOUT,
        permissions: &[
            "api.*.read_api",
            "api.*.read_key",
            "api.*.read_analytics",
            "ratelimit.*.read_namespace",
            "ratelimit.*.read_override",
            "ratelimit.*.read_analytics",
            "rbac.*.read_permission",
            "rbac.*.read_role",
            "identity.*.read_identity",
        ],
    },
];

pub fn templates() -> Vec<GrantTemplate> {
    let template = |one: Template| GrantTemplate {
        name: one.name.to_owned(),
        about: one.about.to_owned(),
        code: one.code.to_owned(),
    };
    TEMPLATES.map(template).to_vec()
}

/// The permissions of a template; none of one that does not exist.
pub fn template(code: &str) -> Vec<String> {
    let found = TEMPLATES.iter().find(|one| one.code == code);
    found.map_or(&[][..], |one| one.permissions).iter().map(|text| (*text).to_owned()).collect()
}

/// The name of a template, if it exists.
pub(super) fn template_name(code: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|one| one.code == code).map(|one| one.name)
}

/// What of a template can be given on this one place.
pub(super) fn template_on(code: &str, place: &Place) -> Vec<String> {
    let on_all = format!("{}.*.", place.resource);
    let own: HashSet<String> =
        of_one(place.resource, &place.id).into_iter().map(|choice| choice.text).collect();
    let rights = template(code).into_iter().filter_map(|right| {
        let action = right.strip_prefix(&on_all)?;
        Some(format!("{}.{}.{action}", place.resource, place.id))
    });
    rights.filter(|right| own.contains(right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_hold_boxes_of_the_form() {
        let offered: Vec<String> =
            of_workspace(&"ws_1".into()).into_iter().map(|choice| choice.text).collect();
        for one in &TEMPLATES {
            for permission in template(one.code) {
                assert!(offered.contains(&permission), "{}: {permission}", one.code);
            }
        }
        assert!(template("nothing").is_empty());
    }

    #[test]
    fn a_template_on_one_place_holds_what_is_about_one() {
        let place = |resource| Place { resource, id: "x1".to_owned(), name: "x".to_owned() };
        assert_eq!(template_on("verify", &place("api")), ["api.x1.verify_key"]);
        assert!(template_on("verify", &place("ratelimit")).is_empty());
        assert_eq!(template_on("limit", &place("ratelimit")), ["ratelimit.x1.limit"]);
        let issuer = template_on("issuer", &place("api"));
        assert_eq!(issuer.len(), 5, "{issuer:?}");
        assert!(issuer.iter().all(|right| right.starts_with("api.x1.")), "{issuer:?}");
    }

    #[test]
    fn every_permission_has_a_place_and_words() {
        let groups = groups(of_workspace(&"ws_1".into()));
        let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
        let expected = [
            "APIs",
            "Keys",
            "Rate limits",
            "Roles and permissions",
            "Identities",
            "Portals",
            "Webhooks",
            "Workspace",
        ];
        assert_eq!(titles, expected);
        let workspace = &groups.last().unwrap().options;
        assert!(workspace.iter().any(|option| option.label == "Read audit"));
        assert!(workspace.iter().any(|option| option.label == "Write root keys"), "{workspace:?}");
    }
}
