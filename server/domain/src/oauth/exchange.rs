//! From a code to a root key, once.

use std::sync::Arc;

use base::ids::OauthClientId;

use super::budget::EXCHANGES;
use super::store::Grant;
use super::{Client, Failure, Oauth, Reason, Refused, pkce, store};
use crate::root_keys::{AuthorizedClient, NewRootKey};
use crate::session::SignedIn;
use base::access::{OpCtx, Principal, Task};
use base::audit::Group;
use base::error::{Code, Error};
use base::secret::{KeyHash, PlainKey};
use base::store::Tx;

/// What a client sends to get what it was allowed, as it was sent; empty is absent.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub grant_type: String,
    pub code: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub code_verifier: String,
    pub resource: String,
}

/// What it gets.
#[derive(Debug)]
pub struct Token {
    pub root_key: PlainKey,
    /// Whole seconds it works; `None` is without an end.
    pub expires_in_s: Option<i64>,
}

impl Oauth {
    /// Makes the root key that a code stands for. The root key is made by whoever
    /// allowed it, who must be able to still: a code ends with the session it was
    /// made in. A code that comes twice was seen by somebody else, so what it gave
    /// is revoked.
    ///
    /// Fails with `too_many_attempts` beyond the budget of the address.
    pub async fn exchange(&self, cx: &OpCtx, request: &Exchange) -> Result<Token, Failure> {
        self.charge(cx, EXCHANGES).await?;
        if request.grant_type != "authorization_code" {
            let detail = "The only grant_type is authorization_code: there are no refresh tokens.";
            return Err(Refused::new(Reason::UnsupportedGrantType, detail).into());
        }
        let id = OauthClientId::from(request.client_id.as_str());
        let client = store::find_client(self.store.read(), &id).await?;
        let client =
            client.ok_or_else(|| Refused::new(Reason::InvalidClient, "This client_id is not known."))?;
        let hash = KeyHash::of(&request.code).to_base64();
        let grant = store::find_code(self.store.read(), &hash).await?.ok_or_else(unknown)?;
        if grant.root_key.is_some() {
            return Err(self.replayed(cx, &hash).await?.into());
        }
        check(cx, request, &grant)?;
        let who = self.sessions.signed_in(&grant.session, cx.now_ms).await.map_err(no_longer)?;
        let cx = &acting(cx, &who, &grant);
        let new = self.root_keys.prepare(cx, grant.rights.clone(), Some(client.into())).map_err(no_longer)?;
        self.give(cx, &hash, &new).await?;
        let left_ms = grant.rights.expires_at.map(|expires_at| expires_at - cx.now_ms);
        Ok(Token { root_key: new.into_secret(), expires_in_s: left_ms.map(|left_ms| left_ms / 1000) })
    }

    /// Uses the code up and makes the root key, or finds that somebody was quicker.
    async fn give(&self, cx: &OpCtx, hash: &str, new: &NewRootKey) -> Result<(), Failure> {
        let given = self
            .store
            .write(|tx| async move {
                let found = store::find_code(tx.db(), hash).await?;
                if found.is_none_or(|grant| grant.root_key.is_some()) {
                    return Ok(false);
                }
                store::use_code(&tx, hash, new.id()).await?;
                let mut group = Group::new();
                self.root_keys.create_in(cx, &tx, new, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(true)
            })
            .await?;
        if given { Ok(()) } else { Err(self.replayed(cx, hash).await?.into()) }
    }

    /// Revokes what a code gave, if that was not done before.
    async fn replayed(&self, cx: &OpCtx, hash: &str) -> Result<Refused, Error> {
        self.store.write(|tx| async move { self.revoke_given(cx, &tx, hash).await }).await?;
        Ok(Refused::new(Reason::InvalidGrant, "The code was used before; what it gave is revoked."))
    }

    async fn revoke_given(&self, cx: &OpCtx, tx: &Tx, hash: &str) -> Result<(), Error> {
        let Some(grant) = store::find_code(tx.db(), hash).await? else { return Ok(()) };
        let Some(root_key) = grant.root_key else { return Ok(()) };
        let principal = Principal::Job(Task::CodeReplay);
        let cx = &OpCtx { principal, workspace: grant.workspace, ..cx.clone() };
        let mut group = Group::new();
        if self.root_keys.revoke_in(cx, tx, &root_key, &mut group).await? {
            group.record(cx, tx, &self.entropy).await?;
        }
        Ok(())
    }
}

impl From<Client> for AuthorizedClient {
    fn from(client: Client) -> Self {
        Self { name: client.label().to_owned(), id: client.id }
    }
}

/// Whoever allowed it, where they did.
fn acting(cx: &OpCtx, who: &Arc<SignedIn>, grant: &Grant) -> OpCtx {
    OpCtx { principal: who.principal(&grant.workspace), workspace: grant.workspace.clone(), ..cx.clone() }
}

fn check(cx: &OpCtx, request: &Exchange, grant: &Grant) -> Result<(), Refused> {
    let refused = |detail: &str| Err(Refused::new(Reason::InvalidGrant, detail));
    // Of another client it looks as if it did not exist.
    if request.client_id != grant.client.as_str() {
        return Err(unknown());
    }
    if cx.now_ms >= grant.expires_at {
        return refused("The code has expired.");
    }
    // OAuth 2.1 leaves it out, 2.0 has it; whoever sends it means the same one.
    if !request.redirect_uri.is_empty() && request.redirect_uri != grant.redirect_uri {
        return refused("redirect_uri is not the one that the code was sent to.");
    }
    if !pkce::is_proven(&grant.challenge, &request.code_verifier) {
        return refused("code_verifier is not the one of code_challenge.");
    }
    if request.resource != grant.resource {
        let detail = "resource is the one that was asked for, and must be given.";
        return Err(Refused::new(Reason::InvalidTarget, detail));
    }
    Ok(())
}

fn unknown() -> Refused {
    Refused::new(Reason::InvalidGrant, "This code is not known.")
}

/// What keeps whoever allowed it from doing so now ends the code; anything else is
/// a failure.
fn no_longer(error: Error) -> Failure {
    match error.code() {
        Code::SessionOver
        | Code::InsufficientPermissions
        | Code::WorkspaceNotFound
        | Code::WorkspaceDisabled
        | Code::InvalidInput => {
            let detail =
                "Whoever allowed this can no longer: they signed out, lost the role, or the time is over.";
            Refused::new(Reason::InvalidGrant, detail).into()
        }
        _ => Failure::Error(error),
    }
}
