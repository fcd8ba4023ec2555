//! What a root key can be given, as the form shows it: the permissions that the
//! domain knows, by resource, for the workspace and for single APIs and
//! namespaces; and sets of them for common purposes.

use web::pages::root_key_form::{GrantGroup, GrantOption, GrantScope, GrantTemplate};

use crate::http::dashboard::member_request::MemberRequest;
use base::error::Result;
use domain::root_keys::permission::{Choice, of_one, of_workspace};

/// APIs and namespaces with boxes of their own; for others there is a field.
const MAX_SCOPES: usize = 50;

/// Every scope of the form.
pub async fn scopes(request: &MemberRequest) -> Result<Vec<GrantScope>> {
    let whole = GrantScope {
        title: "Whole workspace".to_owned(),
        id: String::new(),
        groups: groups(of_workspace(&request.cx.workspace)),
    };
    let apis = request.app.apis.list(&request.cx).await?;
    let apis = apis.into_iter().map(|api| scope("api", api.id.as_str(), &api.name)).take(MAX_SCOPES);
    let namespaces = request.app.namespaces.list(&request.cx).await?;
    let namespaces = namespaces.into_iter().map(|one| scope("ratelimit", one.id.as_str(), &one.name));
    Ok(std::iter::once(whole).chain(apis).chain(namespaces.take(MAX_SCOPES)).collect())
}

fn scope(resource: &str, id: &str, name: &str) -> GrantScope {
    GrantScope { title: name.to_owned(), id: id.to_owned(), groups: groups(of_one(resource, id)) }
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
        "api" if choice.action.ends_with("_key") => "Keys",
        "api" => "APIs",
        "ratelimit" => "Rate limits",
        "rbac" => "Roles and permissions",
        "identity" => "Identities",
        "portal" => "Portals",
        _ => "Workspace",
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
        name: "Verify only",
        about: "For services that check the keys of their callers.",
        permissions: &["api.*.verify_key"],
    },
    Template {
        code: "limit",
        name: "Rate limits",
        about: "For services that limit requests and make namespaces as they go.",
        permissions: &["ratelimit.*.limit", "ratelimit.*.create_namespace"],
    },
    Template {
        code: "issuer",
        name: "Issuer",
        about: "For the backend that makes, changes and ends keys of users.",
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
        name: "CI",
        about: "For pipelines that set up APIs, namespaces, roles and permissions.",
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
        name: "Read only",
        about: "For reports: reads settings and analytics, changes nothing.",
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
    fn every_permission_has_a_place_and_words() {
        let groups = groups(of_workspace(&"ws_1".into()));
        let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
        let expected =
            ["APIs", "Keys", "Rate limits", "Roles and permissions", "Identities", "Portals", "Workspace"];
        assert_eq!(titles, expected);
        let workspace = &groups.last().unwrap().options;
        assert!(workspace.iter().any(|option| option.label == "Read audit"));
        assert!(workspace.iter().any(|option| option.label == "Write root keys"), "{workspace:?}");
    }
}
