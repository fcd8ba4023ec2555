//! Who may enter the workspace, and who is invited.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Danger, Field, Row, Table, Tone, act, action, badge, code_block, danger_in_row, field_id, form_error,
    head, hidden, input, note, nothing, optional_stamp, post_form, section, select, stamp, submit, warning,
};
use crate::form::{FormState, NONCE, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

/// Roles, weakest first, so that nobody is given more by not choosing, with what
/// they may do.
const ROLES: [(&str, &str); 4] = [
    ("viewer", "Viewer: looks, changes nothing"),
    ("operator", "Operator: keys, limits, identities, permissions"),
    ("admin", "Admin: people, root keys and settings as well"),
    ("owner", "Owner: everything, and the end of the workspace"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: String,
    /// Of the role, for the form that changes it.
    pub version: String,
    /// The role to offer first in place of theirs: one that was chosen when theirs
    /// had changed meanwhile.
    pub chosen: Option<String>,
    pub second_factor: bool,
    /// Known to those who may look at sessions.
    pub last_seen: Option<Stamp>,
    /// Whether this is the reader.
    pub you: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: String,
    /// The only address that may accept, if there is one.
    pub email: Option<String>,
    pub role: String,
    pub invited_by: String,
    pub expires: Stamp,
    pub expired: bool,
}

/// Posts to [`paths::invite`]: `email`, `role`, with the nonce; to
/// [`paths::member_role`]: `role`, with the version; to
/// [`paths::end_member_sessions`] and [`paths::revoke_invite`]: nothing; to
/// [`paths::remove_member`]: `confirm` (the address).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamView {
    pub members: Vec<Member>,
    pub invites: Vec<Invite>,
    pub form: FormState,
    pub nonce: String,
    /// The link of the invitation just made, shown once.
    pub link: Option<String>,
}

pub fn team(shell: &Shell, view: &TeamView) -> String {
    let mut body = Vec::new();
    if let Some(link) = &view.link {
        body.push(note("Send this link yourself: it is shown once and works once, for 72 hours."));
        body.push(code_block("Invitation link", link));
    }
    let stale = view.members.iter().filter_map(|member| Some((member, member.chosen.as_ref()?)));
    body.extend(stale.map(|(member, chosen)| {
        warning(&format!(
            "{} is {} by now: somebody changed the role since you opened this page. Nothing was saved. Set {chosen} \
             again to replace it.",
            member.email, member.role
        ))
    }));
    body.push(section("Members", vec![members(shell, view)]));
    if shell.may.admin {
        body.push(invite_form(shell, view));
    }
    if !view.invites.is_empty() {
        body.push(section("Invited", vec![invites(shell, view)]));
    }
    super::page(shell, "Team").body(body)
}

/// Owners are changed by owners alone.
fn may_change(shell: &Shell, member: &Member) -> bool {
    shell.may.admin && !member.you && (shell.may.own || member.role != "owner")
}

/// The roles the reader may hand out.
fn roles(shell: &Shell) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = shell.may.own;
    ROLES.into_iter().filter(move |(role, _)| own || *role != "owner")
}

fn members(shell: &Shell, view: &TeamView) -> View {
    let mut heads = vec![head("Who"), head("Role"), head("Second factor")];
    if shell.may.admin {
        heads.push(head("Last seen"));
    }
    heads.push(head(""));
    let rows = view.members.iter().map(|member| {
        let you = member.you.then(|| view! { <span class="note">"you"</span> });
        let who = view! { {member.name.clone()} {you} <span class="sub">{member.email.clone()}</span> };
        let factor = if member.second_factor { badge(Tone::Good, "on") } else { nothing("off") };
        let changeable = may_change(shell, member);
        let role = if changeable { role_form(shell, member) } else { badge(Tone::Quiet, &member.role) };
        let mut cells = vec![who.into_any(), role, factor];
        if shell.may.admin {
            cells.push(optional_stamp(&member.last_seen, "never"));
        }
        let end = changeable.then(|| {
            act(shell.csrf(), None, "End sessions", &paths::end_member_sessions(&member.id), "small")
        });
        let remove = (member.you || changeable)
            .then(|| danger_in_row(shell.csrf(), &member.email, removal(member), &view.form));
        cells.push(view! { <div class="row-acts">{end}{remove}</div> }.into_any());
        Row::new(cells)
    });
    Table::new("Members", heads).rows(rows.collect())
}

fn role_form(shell: &Shell, member: &Member) -> View {
    let id = field_id(&format!("role-{}", member.id));
    let options = roles(shell).map(|(value, _)| {
        let selected = value == member.chosen.as_ref().unwrap_or(&member.role);
        view! { <option value=value selected=selected>{value}</option> }
    });
    let body = view! {
        {hidden(VERSION, &member.version)}
        <label class="sr" for=id.clone()>{format!("Role of {}", member.email)}</label>
        <span class="control select"><select id=id name="role">{options.collect_view()}</select></span>
        <button type="submit" class="button small">"Set"</button>
    };
    post_form(shell.csrf(), &paths::member_role(&member.id), "inline", vec![body.into_any()])
}

fn invite_form(shell: &Shell, view: &TeamView) -> View {
    let form = &view.form;
    let email = Field::text("email", "E-mail").of_kind("email").required().no_autofill();
    let options: Vec<_> = roles(shell).collect();
    let fields = vec![
        form_error(form),
        hidden(NONCE, &view.nonce),
        input(form, email.help("Only this address may accept.")),
        select(form, "role", "Role", "", &options),
        action("Makes a link for you to send; no mail is sent.", vec![submit("Invite", "primary")]),
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
        let expires = if invite.expired { badge(Tone::Caution, "expired") } else { stamp(&invite.expires) };
        let whom = match &invite.email {
            Some(email) => email.clone().into_any(),
            None => nothing("whoever has the link"),
        };
        Row::new(vec![
            whom,
            badge(Tone::Quiet, &invite.role),
            invite.invited_by.clone().into_any(),
            expires,
            revoke,
        ])
    });
    Table::new("Invitations", heads).rows(rows.collect())
}

fn removal(member: &Member) -> Danger<'_> {
    let (title, consequence, button) = if member.you {
        (
            "Leave the workspace",
            "You lose your role in this workspace; your account stays.".to_owned(),
            "Leave",
        )
    } else {
        ("Remove a member", format!("{} loses their role in this workspace at once.", member.email), "Remove")
    };
    Danger {
        title,
        consequence,
        button,
        action: paths::remove_member(&member.id),
        confirm: Some(&member.email),
        locked: None,
    }
}
