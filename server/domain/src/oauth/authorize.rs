//! Asking a person, and what they allow.

use base::ids::OauthClientId;

use super::store::Grant;
use super::{CODE_MS, Client, Oauth, Reason, Refused, pkce, redirect_uri, resource, store};
use crate::root_keys::{self, CreateRootKey};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Error, Result};
use base::secret::PlainKey;

/// What a client asks for, as it was sent; empty is absent.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: String,
    pub code_challenge: String,
    pub code_challenge_method: String,
    pub resource: String,
}

/// A request that may be put to a person.
#[derive(Clone, Debug)]
pub struct Authorization {
    pub client: Client,
    /// One of the client's.
    pub redirect_uri: String,
    pub resource: String,
    challenge: String,
}

impl Authorization {
    /// Where an answer goes, as people recognise it.
    pub fn destination(&self) -> String {
        redirect_uri::destination(&self.redirect_uri)
    }

    /// What a content security policy calls that place.
    pub fn policy_source(&self) -> String {
        redirect_uri::policy_source(&self.redirect_uri)
    }
}

/// What becomes of a request whose sender is known.
#[derive(Clone, Debug)]
pub enum Begun {
    Asks(Authorization),
    /// The client is told at its address.
    Refused(Refused),
}

impl Oauth {
    /// Looks at who asks. `origin` is that of this server.
    ///
    /// Fails with `invalid_input` when the client or the address is not known: then
    /// nobody but the reader may be told.
    pub async fn begin(&self, request: &AuthorizationRequest, origin: &str) -> Result<Begun> {
        let id = OauthClientId::from(request.client_id.as_str());
        let client = store::find_client(self.store.read(), &id).await?.ok_or_else(|| {
            Error::invalid(
                "This program is not registered here, or its registration was removed because nobody \
                 allowed it anything for long. Make the program forget this server and connect again.",
            )
        })?;
        let redirect_uri = &request.redirect_uri;
        if !client.redirect_uris.iter().any(|own| redirect_uri::is_same(own, redirect_uri)) {
            return Err(Error::invalid(
                "The program wants the answer at an address that it did not register.",
            ));
        }
        if let Err(refused) = check(request, origin) {
            return Ok(Begun::Refused(refused));
        }
        Ok(Begun::Asks(Authorization {
            client,
            redirect_uri: redirect_uri.clone(),
            resource: request.resource.clone(),
            challenge: request.code_challenge.clone(),
        }))
    }

    /// Makes the code that a client exchanges for what the caller allows.
    ///
    /// Fails as making such a root key would.
    pub async fn allow(&self, cx: &OpCtx, asked: &Authorization, rights: CreateRootKey) -> Result<PlainKey> {
        cx.require(Operation::RootKeyCreate, access::Target::NONE)?;
        let user = cx.require_user()?;
        if rights.permissions.is_empty() && !rights.full {
            return Err(Error::invalid("Without a permission it could do nothing: choose one."));
        }
        root_keys::check(cx, &rights)?;
        let code = PlainKey::new(self.entropy.token());
        let grant = Grant {
            client: asked.client.id.clone(),
            workspace: cx.workspace.clone(),
            session: user.session.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.challenge.clone(),
            resource: asked.resource.clone(),
            rights,
            root_key: None,
            expires_at: cx.now_ms + CODE_MS,
        };
        let hash = code.hash().to_base64();
        self.store
            .write(|tx| async move {
                if !store::note_allowed(&tx, &grant.client, cx.now_ms).await? {
                    return Err(Error::invalid("The registration of this program was removed meanwhile."));
                }
                store::insert_code(&tx, &hash, &grant).await?;
                let mut group = Group::new();
                let targets =
                    vec![Target::new("oauthClient", grant.client.as_str(), Some(asked.client.label()))];
                let text = format!(
                    "Allowed {} a root key, answered to {}",
                    asked.client.label(),
                    asked.destination()
                );
                group.push(Event::OauthAllow, text, targets);
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(code)
    }
}

fn check(request: &AuthorizationRequest, origin: &str) -> std::result::Result<(), Refused> {
    if request.response_type != "code" {
        return Err(Refused::new(Reason::UnsupportedResponseType, "The only response_type is code."));
    }
    if request.code_challenge_method != pkce::METHOD {
        return Err(Refused::new(
            Reason::InvalidRequest,
            "code_challenge_method is S256, and must be given.",
        ));
    }
    if !pkce::is_challenge(&request.code_challenge) {
        let detail = "code_challenge is a SHA-256 in base64url without padding.";
        return Err(Refused::new(Reason::InvalidRequest, detail));
    }
    if !resource::is_protected(origin, &request.resource) {
        let detail = format!("resource is an address of MCP on this server, such as {origin}/mcp.");
        return Err(Refused::new(Reason::InvalidTarget, detail));
    }
    Ok(())
}
