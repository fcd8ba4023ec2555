//! The portal of an API, for those who look after it.

use web::components::{Chip, Pager, Tone};
use web::form::{CONFIRM, FormState, ON, VERSION};
use web::pages::portal::{PortalKey, PortalKeysView, keys as portal_keys};
use web::pages::portal_settings::{PortalSettingsView, settings};
use web::paths::{self, Here};
use web::shell::PortalFrame;
use web::texts::{common, portal as text};

use super::branding::{frame_of, page_of, style_of};
use crate::http::dashboard::api_reference::api_of_path;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use domain::apis::Api;
use domain::portals::{CreatePortal, Portal, PortalName, UpdatePortal};

/// `GET /apis/:id/portal`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(page(&request, None).await?))
}

/// The page, with what is stored or with what was typed.
async fn page(request: &MemberRequest, typed: Option<FormState>) -> Result<String> {
    let (api, reference) = api_of_path(request).await?;
    let portal = portal_of(request, &api).await?;
    let form = typed.unwrap_or_else(|| FormState::new(values(portal.as_ref())));
    let portal = match portal {
        Some(portal) => {
            let sessions = request.app.portals.count_sessions(&request.cx, &portal.id).await?;
            let sessions = i64::try_from(sessions).unwrap_or(i64::MAX);
            Some((portal.id.into_string(), portal.slug, sessions))
        }
        None => None,
    };
    Ok(settings(&request.shell, &PortalSettingsView { api: reference, portal, form }))
}

async fn portal_of(request: &MemberRequest, api: &Api) -> Result<Option<Portal>> {
    let name = PortalName::Keyspace(api.keyspace_id.clone());
    match request.app.portals.get(&request.cx, &name).await {
        Ok(portal) => Ok(Some(portal)),
        Err(error) if error.code() == Code::PortalNotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn values(portal: Option<&Portal>) -> Vec<(String, String)> {
    let Some(portal) = portal else { return vec![("enabled".to_owned(), ON.to_owned())] };
    let texts = [
        (VERSION, portal.version().as_str().to_owned()),
        ("display_name", portal.display_name.clone()),
        ("slug", portal.slug.clone()),
        ("logo_url", portal.logo_url.clone().unwrap_or_default()),
        ("primary_color", portal.primary_color.clone().unwrap_or_default()),
        ("enabled", if portal.enabled { ON } else { "" }.to_owned()),
    ];
    texts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `POST /apis/:id/portal`: makes the portal, or changes it.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    match create_or_update(&request, api).await {
        Ok(()) => Ok(Reply::redirect(paths::api_portal(request.id())).notice(text::SAVED_THE_PORTAL)),
        Err(error) if is_edit_conflict(&error) => {
            let (api, _) = api_of_path(&request).await?;
            let stored = values(portal_of(&request, &api).await?.as_ref());
            let form = sent_beside_stored(&request, &stored, paths::api_portal(request.id()));
            Ok(Reply::conflict(page(&request, Some(form)).await?))
        }
        Err(error) => {
            let field = if error.code() == Code::PortalExists { "slug" } else { "" };
            let form = request.refused_at(field, error)?;
            Ok(Reply::form_again(page(&request, Some(form)).await?))
        }
    }
}

async fn create_or_update(request: &MemberRequest, api: Api) -> Result<()> {
    let (portals, made_from) = (&request.app.portals, request.made_from(VERSION));
    match portal_of(request, &api).await? {
        Some(portal) => {
            portals.update(&request.cx, update(request.form(), portal, made_from)).await.map(drop)
        }
        None => {
            // A form of a portal that is gone by now makes no other one unseen.
            made_from.require(&Version::from(""))?;
            portals.create(&request.cx, create(request.form(), api)).await.map(drop)
        }
    }
}

fn create(form: &Fields, api: Api) -> CreatePortal {
    CreatePortal {
        slug: form.text("slug").to_owned(),
        display_name: form.text("display_name").to_owned(),
        keyspace: api.keyspace_id,
        enabled: form.ticked("enabled"),
        logo_url: form.given("logo_url").map(ToOwned::to_owned),
        primary_color: form.given("primary_color").map(ToOwned::to_owned),
    }
}

fn update(form: &Fields, portal: Portal, made_from: Version) -> UpdatePortal {
    let patch = |name: &str| form.given(name).map_or(Patch::Clear, |text| Patch::Set(text.to_owned()));
    UpdatePortal {
        portal: portal.id.into_string(),
        slug: Some(form.text("slug").to_owned()),
        display_name: Some(form.text("display_name").to_owned()),
        keyspace: None,
        enabled: Some(form.ticked("enabled")),
        logo_url: patch("logo_url"),
        primary_color: patch("primary_color"),
        made_from: Some(made_from),
    }
}

/// `POST /apis/:id/portal/delete`: the slug typed.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let portal = existing(&request).await?;
    if request.form().text(CONFIRM) != portal.slug {
        let act = paths::delete_portal(request.id()).to_string();
        let errors = vec![(act, text::THIS_IS_NOT_ITS_SLUG.to_owned())];
        let form = FormState { errors, ..FormState::new(values(Some(&portal))) };
        return Ok(Reply::form_again(page(&request, Some(form)).await?));
    }
    request.app.portals.delete(&request.cx, portal.id.as_str()).await?;
    Ok(Reply::redirect(paths::api_portal(request.id())).notice(text::deleted_the_portal(&portal.slug)))
}

async fn existing(request: &MemberRequest) -> Result<Portal> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    portal_of(request, &api).await?.ok_or_else(|| Error::absent(Code::PortalNotFound))
}

/// `GET /apis/:id/portal/preview`: the look of the portal, with an example of a key.
pub async fn preview(request: MemberRequest) -> Result<Reply> {
    let portal = existing(&request).await?;
    let style = paths::portal_preview_style(request.id());
    let frame = PortalFrame { preview: true, ..frame_of(&portal, &request.shell.frame, style) };
    let example = PortalKey {
        id: "key_example".to_owned(),
        label: text::EXAMPLE_KEY_NAME.to_owned(),
        start: "key_3ZHJ".to_owned(),
        last4: "x9Qa".to_owned(),
        created: request.stamp(request.now_ms()),
        last_used: None,
        expires: None,
        states: vec![Chip::new(Tone::Good, common::ACTIVE, "")],
    };
    let view = PortalKeysView {
        here: Here::new(paths::portal_preview(request.id()), Vec::new()),
        keys: vec![example],
        pager: Pager::default(),
        nonce: String::new(),
        may_reroll: false,
        shown: None,
    };
    Ok(page_of(&portal, portal_keys(&frame, &view)))
}

/// `GET /apis/:id/portal/preview.css`.
pub async fn preview_style(request: MemberRequest) -> Result<Reply> {
    style_of(&existing(&request).await?)
}
