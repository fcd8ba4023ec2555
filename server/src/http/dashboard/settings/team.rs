//! Members of the workspace and invitations to it.

use std::collections::HashMap;

use base::ids::{InvitationId, UserId};
use web::form::{CONFIRM, FormState, VERSION};
use web::pages::settings::team::{Invite, Member, TeamView, team};
use web::paths;
use web::texts::{common, settings as text};

use crate::http::dashboard::cookies::CookieName;
use crate::http::dashboard::edit_conflict::is_edit_conflict;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Role, Target};
use base::error::{Error, Result};
use domain::users::{Invitation, NewInvitation, UpdateMember, User};

/// `GET /settings/team`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(html(&request, FormState::default(), TeamPageExtras::default()).await?))
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct TeamPageExtras {
    /// Of an invitation that was just made.
    link: Option<String>,
    /// The role that somebody chose for a member whose role had changed meanwhile.
    chosen: Option<(UserId, Role)>,
}

async fn html(request: &MemberRequest, form: FormState, extras: TeamPageExtras) -> Result<String> {
    let (app, cx) = (&request.app, &request.cx);
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
    let invites = open.into_iter().map(|invitation| invite_row(request, &users, invitation)).collect();
    let chosen = extras.chosen.as_ref();
    let members = users.iter().map(|user| Member {
        id: user.id.to_string(),
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role.as_str().to_owned(),
        version: user.version().as_str().to_owned(),
        chosen: chosen.filter(|(id, _)| *id == user.id).map(|(_, role)| role.as_str().to_owned()),
        second_factor: user.second_factor,
        last_seen: request.maybe_stamp(seen.get(&user.id).copied()),
        you: user.id == request.who.user,
    });
    let view =
        TeamView { members: members.collect(), invites, form, nonce: request.nonce(), link: extras.link };
    Ok(team(&request.shell, &view))
}

fn invite_row(request: &MemberRequest, users: &[User], invitation: Invitation) -> Invite {
    let by = users.iter().find(|user| user.id.as_str() == invitation.created_by);
    Invite {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role.as_str().to_owned(),
        invited_by: by.map_or(invitation.created_by, |user| user.email.clone()),
        expires: request.stamp(invitation.expires_at),
        expired: invitation.expires_at <= request.now_ms(),
    }
}

/// `POST /settings/team/invite`. Answers with the link, this once.
pub async fn invite(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::MemberInvite, Target::NONE)?;
    let form = request.form();
    let Some(email) = form.given("email").map(ToOwned::to_owned) else {
        let problem = text::INVITE_WHOM.to_owned();
        return again(&request, request.form_with(vec![("email".to_owned(), problem)])).await;
    };
    let role = match Role::parse(form.text("role")) {
        Ok(role) => role,
        Err(error) => return again(&request, request.refused_at("role", error)?).await,
    };
    let command = NewInvitation { role, email: Some(email), valid_ms: NewInvitation::VALID_MS };
    match request.app.users.invite(&request.cx, command).await {
        Ok((_, token)) => {
            let link = format!("{}/invites/{}", request.app.origin(), token.reveal());
            let extras = TeamPageExtras { link: Some(link), ..TeamPageExtras::default() };
            Ok(Reply::page(html(&request, FormState::default(), extras).await?))
        }
        Err(error) => again(&request, request.refused_at("email", error)?).await,
    }
}

/// The page with a form once more.
async fn again(request: &MemberRequest, form: FormState) -> Result<Reply> {
    Ok(Reply::form_again(html(request, form, TeamPageExtras::default()).await?))
}

/// `POST /settings/team/invites/:id/revoke`.
pub async fn revoke_invite(request: MemberRequest) -> Result<Reply> {
    request.app.users.revoke_invitation(&request.cx, &InvitationId::from(request.id())).await?;
    Ok(Reply::redirect(paths::team()).notice(text::REVOKED_THE_INVITATION))
}

/// `POST /settings/team/:id/role`.
pub async fn set_role(request: MemberRequest) -> Result<Reply> {
    let role = Role::parse(request.form().text("role"))?;
    let user = UserId::from(request.id());
    let command = UpdateMember { user: user.clone(), role, made_from: Some(request.made_from(VERSION)) };
    match request.app.users.update_member(&request.cx, command).await {
        Ok(()) => Ok(Reply::redirect(paths::team()).notice(text::set_the_role_to(role.as_str()))),
        Err(error) if is_edit_conflict(&error) => {
            let extras = TeamPageExtras { chosen: Some((user, role)), ..TeamPageExtras::default() };
            Ok(Reply::conflict(html(&request, FormState::default(), extras).await?))
        }
        Err(error) => Err(error),
    }
}

/// `POST /settings/team/:id/remove`: somebody else, or oneself.
pub async fn remove(request: MemberRequest) -> Result<Reply> {
    let id = UserId::from(request.id());
    let users = request.app.users.list(&request.cx).await?;
    let email = users.iter().find(|user| user.id == id).map(|user| user.email.as_str());
    let is_typed = email.is_none_or(|email| email == request.form().text(CONFIRM));
    let removed = if is_typed {
        request.app.users.remove_member(&request.cx, &id).await
    } else {
        Err(Error::invalid(text::NOT_THE_ADDRESS_OF_MEMBER))
    };
    if let Err(error) = removed {
        let form = request.refused_at(paths::remove_member(id.as_str()).as_str(), error)?;
        return again(&request, form).await;
    }
    if id == request.who.user {
        return Ok(Reply::redirect(paths::home())
            .cookie(CookieName::Workspace, "", 0)
            .notice(text::YOU_LEFT_THE_WORKSPACE));
    }
    Ok(Reply::redirect(paths::team()).notice(text::REMOVED_THE_MEMBER))
}

/// `POST /settings/team/:id/end-sessions`.
pub async fn end_sessions(request: MemberRequest) -> Result<Reply> {
    let ended = request.app.sessions.revoke_of(&request.cx, &UserId::from(request.id())).await?;
    let ended = web::number::count(ended.cast_signed(), "session");
    Ok(Reply::redirect(paths::team()).notice(common::ended(&ended)))
}
