//! People who sign in, their roles in workspaces, and the setup link of a new
//! server.
//!
//! Signing in and sessions belong to the dashboard, which is not built yet.

mod password;
mod store;

use entity::ids::UserId;
use sha2::{Digest, Sha256};

use crate::audit::{Event, Group, Target};
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::op::OpCtx;
use crate::secret::{MIN_PASSWORD_CHARACTERS, PlainKey};
use crate::store::Store;

/// How long a setup link works.
pub const SETUP_LINK_MS: i64 = 60 * 60 * 1000;

/// What a user may do in a workspace, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Owner,
    Admin,
    Operator,
    Viewer,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Operator => "operator",
            Role::Viewer => "viewer",
        }
    }

    pub fn parse(text: &str) -> Result<Self> {
        [Role::Owner, Role::Admin, Role::Operator, Role::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::invalid("A role is one of owner, admin, operator, viewer."))
    }
}

/// A user as one workspace sees it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: String,
    pub created_at: i64,
}

/// Creates a user with a role in the workspace of the context.
pub struct CreateUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: PlainKey,
}

/// The users of this server. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    store: Store,
    entropy: Entropy,
}

impl Users {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        Self { store, entropy }
    }

    /// Users with a role in the workspace of the context.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<User>> {
        store::of_workspace(self.store.read(), &cx.workspace).await
    }

    /// Whether anybody can sign in yet.
    pub async fn exist(&self) -> Result<bool> {
        store::any(self.store.read()).await
    }

    pub async fn create(&self, cx: &OpCtx, command: CreateUser) -> Result<UserId> {
        check_email(&command.email)?;
        if command.name.is_empty() || command.name.chars().count() > 256 {
            return Err(Error::invalid("A user name has 1 to 256 characters."));
        }
        let id: UserId = self.entropy.id(UserId::PREFIX, cx.now_ms);
        let hash = self.hash(command.password).await?;
        let new = User {
            id: id.clone(),
            email: command.email,
            name: command.name,
            role: command.role.as_str().to_owned(),
            created_at: cx.now_ms,
        };
        self.store
            .write(|tx| async move {
                store::insert(&tx, &new, &hash, &cx.workspace).await?;
                let mut group = Group::new();
                let target = Target::new("user", new.id.as_str(), Some(&new.name));
                group.push(
                    Event::UserCreate,
                    format!("Created user {} as {}", new.email, new.role),
                    vec![target],
                );
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(id)
    }

    /// Replaces a password and ends every session of the user.
    pub async fn reset_password(&self, cx: &OpCtx, email: &str, password: PlainKey) -> Result<()> {
        let hash = self.hash(password).await?;
        self.store
            .write(|tx| async move {
                let user = store::find(tx.db(), &cx.workspace, email).await?.ok_or_else(|| {
                    Error::invalid(format!("There is no user '{email}' in this workspace."))
                })?;
                store::set_password(&tx, &user.id, &hash, cx.now_ms).await?;
                let mut group = Group::new();
                let target = Target::new("user", user.id.as_str(), Some(&user.name));
                group.push(
                    Event::UserPasswordReset,
                    format!("Reset the password of {}", user.email),
                    vec![target],
                );
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// A password nobody has to think of.
    pub fn generate_password(&self) -> PlainKey {
        PlainKey::new(bs58::encode(self.entropy.bytes::<15>()).into_string())
    }

    /// Makes a one-time setup link and returns its token; only its hash is kept.
    pub async fn create_setup_link(&self, cx: &OpCtx) -> Result<PlainKey> {
        let token = PlainKey::new(self.entropy.token());
        let hash = token_hash(token.reveal());
        let expires_at = cx.now_ms + SETUP_LINK_MS;
        self.store
            .write(|tx| async move {
                store::insert_setup_link(&tx, &hash, &cx.workspace, cx.now_ms, expires_at).await?;
                let mut group = Group::new();
                let target = Target::new("workspace", cx.workspace.as_str(), None);
                group.push(Event::SettingsUpdate, "Created a setup link", vec![target]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(token)
    }

    /// Whether a setup link is known, unused and not expired.
    pub async fn setup_link_is_open(&self, token: &str, now_ms: i64) -> Result<bool> {
        store::setup_link_is_open(self.store.read(), &token_hash(token), now_ms).await
    }

    async fn hash(&self, password: PlainKey) -> Result<String> {
        if password.reveal().chars().count() < MIN_PASSWORD_CHARACTERS {
            return Err(Error::invalid(format!(
                "A password has {MIN_PASSWORD_CHARACTERS} characters or more."
            )));
        }
        let salt = self.entropy.bytes();
        tokio::task::spawn_blocking(move || password::hash(&password, salt)).await.map_err(Error::internal)?
    }
}

fn token_hash(token: &str) -> String {
    bs58::encode(Sha256::digest(token.as_bytes())).into_string()
}

fn check_email(email: &str) -> Result<()> {
    let well_formed = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if well_formed { Ok(()) } else { Err(Error::invalid("This is not an e-mail address.")) }
}
