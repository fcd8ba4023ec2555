//! Members of the workspace and invitations to it.

use std::collections::HashMap;

use base::ids::{InvitationId, UserId};
use web::form::{CONFIRM, FormState, VERSION};
use web::pages::settings::team::{Invite, Member, TeamView, team};
use web::paths;

use crate::http::dashboard::answer::Answer;
use crate::http::dashboard::clash::is_clash;
use crate::http::dashboard::cookies::Jar;
use crate::http::dashboard::visit::Visit;
use base::error::{Error, Result};
use base::grants::{Operation, Role, Target};
use domain::users::{Invitation, NewInvitation, UpdateMember, User};

/// `GET /settings/team`.
pub async fn show(visit: Visit) -> Result<Answer> {
    Ok(Answer::page(html(&visit, FormState::default(), Aside::default()).await?))
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct Aside {
    /// Of an invitation that was just made.
    link: Option<String>,
    /// The role that somebody chose for a member whose role had changed meanwhile.
    chosen: Option<(UserId, Role)>,
}

async fn html(visit: &Visit, form: FormState, aside: Aside) -> Result<String> {
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
    let chosen = aside.chosen.as_ref();
    let members = users.iter().map(|user| Member {
        id: user.id.to_string(),
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role.as_str().to_owned(),
        version: user.version().as_str().to_owned(),
        chosen: chosen.filter(|(id, _)| *id == user.id).map(|(_, role)| role.as_str().to_owned()),
        second_factor: user.second_factor,
        last_seen: visit.maybe_stamp(seen.get(&user.id).copied()),
        you: user.id == visit.who.user,
    });
    let view = TeamView { members: members.collect(), invites, form, nonce: visit.nonce(), link: aside.link };
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
    visit.cx.require(Operation::MemberInvite, Target::NONE)?;
    let form = visit.form();
    let Some(email) = form.given("email").map(ToOwned::to_owned) else {
        let problem = "Whom? Only the address of an invitation may accept it.".to_owned();
        let form = visit.form_with(vec![("email".to_owned(), problem)]);
        return Ok(Answer::again(html(&visit, form, Aside::default()).await?));
    };
    let made = match Role::parse(form.text("role")) {
        Ok(role) => {
            let command = NewInvitation { role, email: Some(email), valid_ms: NewInvitation::VALID_MS };
            visit.app.users.invite(&visit.cx, command).await.map_err(|error| ("email", error))
        }
        Err(error) => Err(("role", error)),
    };
    match made {
        Ok((_, token)) => {
            let link = format!("{}/invites/{}", visit.app.origin(), token.reveal());
            Ok(Answer::page(
                html(&visit, FormState::default(), Aside { link: Some(link), ..Aside::default() }).await?,
            ))
        }
        Err((field, error)) => {
            let form = visit.refused_at(field, error)?;
            Ok(Answer::again(html(&visit, form, Aside::default()).await?))
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
    let user = UserId::from(visit.id());
    let command = UpdateMember { user: user.clone(), role, made_from: Some(visit.made_from(VERSION)) };
    match visit.app.users.update_member(&visit.cx, command).await {
        Ok(()) => Ok(Answer::go(paths::team()).saying(format!("Set the role to {}.", role.as_str()))),
        Err(error) if is_clash(&error) => {
            let aside = Aside { chosen: Some((user, role)), ..Aside::default() };
            Ok(Answer::conflict(html(&visit, FormState::default(), aside).await?))
        }
        Err(error) => Err(error),
    }
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
        return Ok(Answer::again(html(&visit, form, Aside::default()).await?));
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
