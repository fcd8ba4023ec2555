//! Members of the workspace and invitations to it.

use std::collections::HashMap;

use entity::ids::{InvitationId, UserId};
use web::form::{CONFIRM, FormState};
use web::pages::settings::team::{Invite, Member, TeamView, team};
use web::paths;

use crate::error::{Error, Result};
use crate::grants::{Operation, Role, Target};
use crate::http::dashboard::answer::Answer;
use crate::http::dashboard::cookies::Jar;
use crate::http::dashboard::visit::Visit;
use crate::users::{Invitation, NewInvitation, UpdateMember, User};

/// `GET /settings/team`.
pub async fn show(visit: Visit) -> Result<Answer> {
    Ok(Answer::page(html(&visit, FormState::default(), None).await?))
}

/// `link` is the one of an invitation that was just made.
async fn html(visit: &Visit, form: FormState, link: Option<String>) -> Result<String> {
    let (app, cx) = (&visit.app, &visit.cx);
    let users = app.users.list(cx).await?;
    let seen = if cx.may(Operation::MemberSessionsRead, Target::NONE) {
        app.sessions.last_seen(cx).await?
    } else {
        HashMap::new()
    };
    let open = if cx.may(Operation::MemberInvite, Target::NONE) {
        app.users.invitations(cx).await?
    } else {
        Vec::new()
    };
    let invites = open.into_iter().map(|invitation| invite_row(visit, &users, invitation)).collect();
    let members = users.iter().map(|user| Member {
        id: user.id.to_string(),
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role.as_str().to_owned(),
        second_factor: user.second_factor,
        last_seen: visit.maybe_stamp(seen.get(&user.id).copied()),
        you: user.id == visit.who.user,
    });
    let view = TeamView { members: members.collect(), invites, form, nonce: visit.nonce(), link };
    Ok(team(&visit.shell, &view))
}

fn invite_row(visit: &Visit, users: &[User], invitation: Invitation) -> Invite {
    let by = users.iter().find(|user| user.id.as_str() == invitation.created_by);
    Invite {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role.as_str().to_owned(),
        invited_by: by.map_or(invitation.created_by, |user| user.email.clone()),
        expires: visit.stamp(invitation.expires_at),
        expired: invitation.expires_at <= visit.now_ms(),
    }
}

/// `POST /settings/team/invite`. Answers with the link, this once.
pub async fn invite(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let email = form.given("email").map(ToOwned::to_owned);
    let made = match Role::parse(form.text("role")) {
        Ok(role) => {
            let command = NewInvitation { role, email, valid_ms: NewInvitation::VALID_MS };
            visit.app.users.invite(&visit.cx, command).await.map_err(|error| ("email", error))
        }
        Err(error) => Err(("role", error)),
    };
    match made {
        Ok((_, token)) => {
            let link = format!("{}/invites/{}", visit.app.origin(), token.reveal());
            Ok(Answer::page(html(&visit, FormState::default(), Some(link)).await?))
        }
        Err((field, error)) => {
            let form = visit.refused_at(field, error)?;
            Ok(Answer::again(html(&visit, form, None).await?))
        }
    }
}

/// `POST /settings/team/invites/:id/revoke`.
pub async fn revoke_invite(visit: Visit) -> Result<Answer> {
    visit.app.users.revoke_invitation(&visit.cx, &InvitationId::from(visit.id())).await?;
    Ok(Answer::go(paths::team()).saying("Revoked the invitation."))
}

/// `POST /settings/team/:id/role`.
pub async fn set_role(visit: Visit) -> Result<Answer> {
    let role = Role::parse(visit.form().text("role"))?;
    let command = UpdateMember { user: UserId::from(visit.id()), role };
    visit.app.users.update_member(&visit.cx, command).await?;
    Ok(Answer::go(paths::team()).saying(format!("Set the role to {}.", role.as_str())))
}

/// `POST /settings/team/:id/remove`: somebody else, or oneself.
pub async fn remove(visit: Visit) -> Result<Answer> {
    let id = UserId::from(visit.id());
    let users = visit.app.users.list(&visit.cx).await?;
    let email = users.iter().find(|user| user.id == id).map(|user| user.email.as_str());
    let is_typed = email.is_none_or(|email| email == visit.form().text(CONFIRM));
    let removed = if is_typed {
        visit.app.users.remove_member(&visit.cx, &id).await
    } else {
        Err(Error::invalid("This is not the address of the member."))
    };
    if let Err(error) = removed {
        let form = visit.refused_at(paths::remove_member(id.as_str()).as_str(), error)?;
        return Ok(Answer::again(html(&visit, form, None).await?));
    }
    if id == visit.who.user {
        return Ok(Answer::go(paths::home()).cookie(Jar::Workspace, "", 0).saying("You left the workspace."));
    }
    Ok(Answer::go(paths::team()).saying("Removed the member."))
}

/// `POST /settings/team/:id/end-sessions`.
pub async fn end_sessions(visit: Visit) -> Result<Answer> {
    let ended = visit.app.sessions.revoke_of(&visit.cx, &UserId::from(visit.id())).await?;
    let ended = web::number::count(ended.cast_signed(), "session");
    Ok(Answer::go(paths::team()).saying(format!("Ended {ended}.")))
}
