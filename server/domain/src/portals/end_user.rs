//! What an end user may do with their own keys.

use base::clock::DAY_MS;
use base::ids::KeyId;

use super::{Portals, store};
use crate::identities::Spending;
use crate::keys::{CreatedKey, Decrypt, GetKey, KeyDetails, ListKeys, RerollKey};
use base::access::{OpCtx, PortalUser, Principal, Scope};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::events::KEEP_DAYS;
use base::store::{Page, Paged};
use insight::analytics::{Series, SeriesOf};

const MAX_SPAN_MS: i64 = KEEP_DAYS * DAY_MS;

impl Portals {
    /// The end user's keys, never their plaintext.
    pub async fn own_keys(&self, cx: &OpCtx, page: Page) -> Result<Paged<KeyDetails>> {
        let user = user(cx, Scope::KeysRead)?;
        let external_id = Some(user.external_id.clone());
        let command = ListKeys { api_id: user.api.clone(), page, external_id, decrypt: Decrypt::No };
        self.keys.list(cx, command).await
    }

    /// Replaces one of the end user's keys; others are absent.
    pub async fn reroll_own(&self, cx: &OpCtx, command: RerollKey) -> Result<CreatedKey> {
        let user = user(cx, Scope::KeysReroll)?;
        let key = GetKey { key_id: command.key_id.clone(), decrypt: Decrypt::No };
        let key = self.keys.get(cx, key).await.map_err(masked)?;
        let owner = key.identity.as_ref().map(|identity| identity.external_id.as_str());
        if owner != Some(user.external_id.as_str()) || key.key.api.id != user.api {
            return Err(Error::absent(Code::KeyNotFound));
        }
        self.keys.reroll(cx, command).await.map_err(masked)
    }

    /// Ends the session the end user acts in.
    pub async fn end_own(&self, cx: &OpCtx) -> Result<()> {
        let Principal::PortalUser(user) = &cx.principal else { return Err(not_an_end_user()) };
        self.store
            .write(|tx| async move {
                if !store::revoke_one(&tx, &user.session, cx.now_ms).await? {
                    return Ok(());
                }
                let mut group = Group::new();
                let target = Target::new("portalSession", user.session.as_str(), Some(&user.external_id));
                let text = format!("{} signed out of the portal", user.external_id);
                group.push(Event::PortalSessionRevoke, text, vec![target]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// What the end user has spent of the present month, if that has a cap: all their
    /// keys, those of other APIs among them.
    pub async fn own_spending(&self, cx: &OpCtx) -> Result<Option<Spending>> {
        let user = user(cx, Scope::AnalyticsRead)?;
        self.identities.own_spending(cx, user).await
    }

    /// Verifications of the end user's keys over time.
    pub async fn own_series(
        &self,
        cx: &OpCtx,
        key: Option<KeyId>,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Series> {
        let user = user(cx, Scope::AnalyticsRead)?;
        if end_ms.saturating_sub(start_ms) > MAX_SPAN_MS {
            return Err(Error::invalid(format!(
                "The span is longer than verifications are kept: {KEEP_DAYS} days."
            )));
        }
        let of = SeriesOf {
            workspace: cx.workspace.clone(),
            api: user.api.clone(),
            external_id: user.external_id.clone(),
            key,
            start_ms,
            end_ms,
        };
        self.analytics.series(&of).await
    }
}

/// What an end user is told of a key that the domain refuses them: that there is
/// none. It would name what they know nothing of.
fn masked(error: Error) -> Error {
    match error.code() {
        Code::InsufficientPermissions | Code::Forbidden | Code::ApiNotFound => {
            Error::absent(Code::KeyNotFound)
        }
        Code::PreconditionFailed => {
            let detail = "This key cannot be replaced here. Ask whoever gave it to you.";
            Error::new(Code::PreconditionFailed, detail)
        }
        _ => error,
    }
}

/// The end user, who must have this scope.
fn user(cx: &OpCtx, scope: Scope) -> Result<&PortalUser> {
    let Principal::PortalUser(user) = &cx.principal else { return Err(not_an_end_user()) };
    if user.scopes.contains(&scope) {
        return Ok(user);
    }
    let detail = format!("This portal session does not have the scope '{}'.", scope.as_str());
    Err(Error::new(Code::InsufficientPermissions, detail))
}

fn not_an_end_user() -> Error {
    Error::new(Code::Forbidden, "Only the end user of a portal can do this.")
}
