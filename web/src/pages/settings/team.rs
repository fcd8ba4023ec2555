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
use crate::texts::{common, settings as text};
use crate::time::Stamp;

/// Roles, weakest first, so that nobody is given more by not choosing, with what
/// they may do.
const ROLES: [(&str, &str); 4] =
    [("viewer", text::VIEWER), ("operator", text::OPERATOR), ("admin", text::ADMIN), ("owner", text::OWNER)];

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
        body.push(note(text::SEND_THIS_LINK_YOURSELF));
        body.push(code_block(text::INVITATION_LINK, link));
    }
    let stale = view.members.iter().filter_map(|member| Some((member, member.chosen.as_ref()?)));
    body.extend(
        stale.map(|(member, chosen)| warning(&text::role_was_changed(&member.email, &member.role, chosen))),
    );
    body.push(section(text::MEMBERS, vec![members(shell, view)]));
    if shell.may.admin {
        body.push(invite_form(shell, view));
    }
    if !view.invites.is_empty() {
        body.push(section(text::INVITED, vec![invites(shell, view)]));
    }
    super::page(shell, text::TEAM).body(body)
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
    let mut heads = vec![head(common::WHO), head(common::ROLE), head(common::SECOND_FACTOR)];
    if shell.may.admin {
        heads.push(head(common::LAST_SEEN));
    }
    heads.push(head(""));
    let rows = view.members.iter().map(|member| {
        let you = member.you.then(|| view! { <span class="note">{text::YOU}</span> });
        let who = view! { {member.name.clone()} {you} <span class="sub">{member.email.clone()}</span> };
        let factor = if member.second_factor { badge(Tone::Good, text::ON) } else { nothing(text::OFF) };
        let changeable = may_change(shell, member);
        let role = if changeable { role_form(shell, member) } else { badge(Tone::Quiet, &member.role) };
        let mut cells = vec![who.into_any(), role, factor];
        if shell.may.admin {
            cells.push(optional_stamp(&member.last_seen, common::NEVER));
        }
        let end = changeable.then(|| {
            act(shell.csrf(), None, text::END_SESSIONS, &paths::end_member_sessions(&member.id), "small")
        });
        let remove = (member.you || changeable)
            .then(|| danger_in_row(shell.csrf(), &member.email, removal(member), &view.form));
        cells.push(view! { <div class="row-acts">{end}{remove}</div> }.into_any());
        Row::new(cells)
    });
    Table::new(text::MEMBERS, heads).rows(rows.collect())
}

fn role_form(shell: &Shell, member: &Member) -> View {
    let id = field_id(&format!("role-{}", member.id));
    let options = roles(shell).map(|(value, _)| {
        let selected = value == member.chosen.as_ref().unwrap_or(&member.role);
        view! { <option value=value selected=selected>{value}</option> }
    });
    let body = view! {
        {hidden(VERSION, &member.version)}
        <label class="sr" for=id.clone()>{text::role_of(&member.email)}</label>
        <span class="control select"><select id=id name="role">{options.collect_view()}</select></span>
        <button type="submit" class="button small">{text::SET}</button>
    };
    post_form(shell.csrf(), &paths::member_role(&member.id), "inline", vec![body.into_any()])
}

fn invite_form(shell: &Shell, view: &TeamView) -> View {
    let form = &view.form;
    let email = Field::text("email", common::E_MAIL).of_kind("email").required().no_autofill();
    let options: Vec<_> = roles(shell).collect();
    let fields = vec![
        form_error(form),
        hidden(NONCE, &view.nonce),
        input(form, email.help(text::INVITED_EMAIL_HINT)),
        select(form, "role", common::ROLE, "", &options),
        action(text::NO_MAIL_IS_SENT, vec![submit(text::INVITE, "primary")]),
    ];
    section(text::INVITE_SOMEBODY, vec![post_form(shell.csrf(), &paths::invite(), "form", fields)])
}

fn invites(shell: &Shell, view: &TeamView) -> View {
    let heads = vec![
        head(common::E_MAIL),
        head(common::ROLE),
        head(text::INVITED_BY),
        head(common::EXPIRES),
        head(""),
    ];
    let rows = view.invites.iter().map(|invite| {
        let revoke = if shell.may.admin {
            act(shell.csrf(), None, text::REVOKE, &paths::revoke_invite(&invite.id), "small")
        } else {
            ().into_any()
        };
        let expires = if invite.expired {
            badge(Tone::Caution, text::INVITATION_EXPIRED)
        } else {
            stamp(&invite.expires)
        };
        let whom = match &invite.email {
            Some(email) => email.clone().into_any(),
            None => nothing(text::WHOEVER_HAS_THE_LINK),
        };
        Row::new(vec![
            whom,
            badge(Tone::Quiet, &invite.role),
            invite.invited_by.clone().into_any(),
            expires,
            revoke,
        ])
    });
    Table::new(text::INVITATIONS, heads).rows(rows.collect())
}

fn removal(member: &Member) -> Danger<'_> {
    let (title, consequence, button) = if member.you {
        (text::LEAVE_THE_WORKSPACE, text::LEAVE_CONSEQUENCE.to_owned(), text::LEAVE)
    } else {
        (text::REMOVE_A_MEMBER, text::remove_consequence(&member.email), text::REMOVE)
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
