//! Who may enter the workspace, and who is invited.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Danger, Field, Row, Table, Tone, act, action, badge, code_block, danger_zone, field_id, form_error, head,
    input, nothing, optional_stamp, post_form, section, select, stamp, submit,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

/// Roles, strongest first, with what they may do.
const ROLES: [(&str, &str); 4] = [
    ("owner", "Owner: everything, and the end of the workspace"),
    ("admin", "Admin: people, root keys and settings as well"),
    ("operator", "Operator: keys, limits, identities, permissions"),
    ("viewer", "Viewer: looks, changes nothing"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: String,
    pub second_factor: bool,
    pub last_seen: Option<Stamp>,
    /// Whether this is the reader.
    pub you: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: String,
    pub email: String,
    pub role: String,
    pub invited_by: String,
    pub expires: Stamp,
}

/// Posts to [`paths::invite`]: `email`, `role`; to [`paths::member_role`]:
/// `role`; to [`paths::remove_member`]: `confirm` (the address); to
/// [`paths::revoke_invite`]: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamView {
    pub members: Vec<Member>,
    pub invites: Vec<Invite>,
    pub form: FormState,
    /// The link of the invitation just made, shown once where mail is not set up.
    pub link: Option<String>,
}

pub fn team(shell: &Shell, view: &TeamView) -> String {
    let mut body = Vec::new();
    if let Some(link) = &view.link {
        body.push(code_block("Invitation link: send it yourself, it is shown once", link));
    }
    body.push(section("Members", vec![members(shell, view)]));
    if shell.may.admin {
        body.push(invite_form(shell, view));
    }
    if !view.invites.is_empty() {
        body.push(section("Invited", vec![invites(shell, view)]));
    }
    let others = || view.members.iter().filter(|member| !member.you);
    if shell.may.admin && others().count() > 0 {
        body.push(danger_zone(shell.csrf(), others().map(removal).collect(), &view.form));
    }
    super::page(shell, "Team").body(body)
}

fn members(shell: &Shell, view: &TeamView) -> View {
    let heads = vec![head("Who"), head("Role"), head("Second factor"), head("Last seen")];
    let rows = view.members.iter().map(|member| {
        let you = member.you.then(|| view! { <span class="note">"you"</span> });
        let who = view! { {member.name.clone()} {you} <span class="sub">{member.email.clone()}</span> };
        let factor = if member.second_factor { badge(Tone::Good, "on") } else { nothing("off") };
        let role = if shell.may.admin && !member.you {
            role_form(shell, member)
        } else {
            badge(Tone::Quiet, &member.role)
        };
        Row::new(vec![who.into_any(), role, factor, optional_stamp(&member.last_seen, "never")])
    });
    Table::new("Members", heads).rows(rows.collect())
}

fn role_form(shell: &Shell, member: &Member) -> View {
    let id = field_id(&format!("role-{}", member.id));
    let options = ROLES.map(|(value, _)| {
        let selected = value == member.role;
        view! { <option value=value selected=selected>{value}</option> }
    });
    let body = view! {
        <label class="sr" for=id.clone()>{format!("Role of {}", member.email)}</label>
        <span class="control select"><select id=id name="role">{options.to_vec()}</select></span>
        <button type="submit" class="button small">"Set"</button>
    };
    post_form(shell.csrf(), &paths::member_role(&member.id), "inline", vec![body.into_any()])
}

fn invite_form(shell: &Shell, view: &TeamView) -> View {
    let form = &view.form;
    let fields = vec![
        form_error(form),
        input(form, Field::text("email", "E-mail").of_kind("email").required().no_autofill()),
        select(form, "role", "Role", "", &ROLES),
        action("The invitation works for a week.", vec![submit("Invite", "primary")]),
    ];
    section("Invite somebody", vec![post_form(shell.csrf(), &paths::invite(), "form", fields)])
}

fn invites(shell: &Shell, view: &TeamView) -> View {
    let heads = vec![head("E-mail"), head("Role"), head("Invited by"), head("Expires"), head("")];
    let rows = view.invites.iter().map(|invite| {
        let revoke = if shell.may.admin {
            act(shell.csrf(), None, "Revoke", &paths::revoke_invite(&invite.id), "small")
        } else {
            ().into_any()
        };
        Row::new(vec![
            invite.email.clone().into_any(),
            badge(Tone::Quiet, &invite.role),
            invite.invited_by.clone().into_any(),
            stamp(&invite.expires),
            revoke,
        ])
    });
    Table::new("Invitations", heads).rows(rows.collect())
}

fn removal(member: &Member) -> Danger<'_> {
    Danger {
        title: "Remove a member",
        consequence: format!("{} leaves this workspace and its sessions here end.", member.email),
        button: "Remove",
        action: paths::remove_member(&member.id),
        confirm: Some(&member.email),
        locked: None,
    }
}
