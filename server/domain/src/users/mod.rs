//! People who sign in: their accounts, their roles in workspaces, and the links
//! by which they come in.
//!
//! A user has one account on the server and a role in each of their workspaces.
//! Signing in, sessions and the second factor belong to `session`. Links are
//! shown by whoever makes them; the server sends no mail.

mod invitations;
mod members;
mod password;
mod profile;
mod query_runs;
mod setup;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod views;

use base::ids::UserId;

pub use base::access::Role;
pub use base::secret::MIN_PASSWORD_CHARACTERS as MIN_PASSWORD;
pub use invitations::{Invitation, Invited, LONGEST_INVITATION_MS, NewAccount, NewInvitation};
pub use members::UpdateMember;
pub use password::{Lane, Passwords};
pub use profile::{Theme, UpdateProfile, profile_version, time_zones};
pub use query_runs::{NoteQuery, QueryEnd, QueryRun};
pub use setup::{SETUP_LINK_MS, SetUp};
pub(crate) use store::{
    Account, account, account_by_email, of_address, set_last_step, set_password, set_totp,
};
pub use store::{amend_times, sweep};
pub use views::{MAX_VIEW_QUERY, SaveView, SavedView};

use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::entropy::Entropy;
use base::error::{Error, Field, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::{Store, Tx};

/// A user as one workspace sees it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Signs in with a second factor.
    pub second_factor: bool,
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
    passwords: Passwords,
}

impl Users {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        let passwords = Passwords::new(entropy.clone());
        Self { store, entropy, passwords }
    }

    /// The one that bounds how many passwords are computed at a time.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Users with a role in the workspace of the context, by id.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<User>> {
        cx.require(Operation::MemberRead, access::Target::NONE)?;
        store::of_workspace(self.store.read(), &cx.workspace).await
    }

    /// Whether anybody can sign in yet.
    pub async fn exist(&self) -> Result<bool> {
        store::any(self.store.read()).await
    }

    /// Creates an account, with a password somebody else chose.
    pub async fn create(&self, cx: &OpCtx, command: CreateUser) -> Result<UserId> {
        cx.require(Operation::MemberInvite, access::Target::NONE)?;
        members::require_for(cx, command.role)?;
        check_account(&command.email, &command.name)?;
        let hash = self.passwords.hash(command.password).await?;
        let new = self.described(cx, command.email, command.name, command.role);
        self.store
            .write(|tx| {
                let new = &new;
                async move {
                    let mut group = Group::new();
                    self.insert(cx, &tx, new, &hash, &mut group).await?;
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(new.id)
    }

    fn described(&self, cx: &OpCtx, email: String, name: String, role: Role) -> User {
        let id = self.entropy.id(UserId::PREFIX, cx.now_ms);
        User { id, email, name, role, second_factor: false, created_at: cx.now_ms }
    }

    /// Inserts a user and their first role, in the transaction of whatever made
    /// them one.
    async fn insert(&self, cx: &OpCtx, tx: &Tx, new: &User, hash: &str, group: &mut Group) -> Result<()> {
        store::insert(tx, new, hash, &cx.workspace).await?;
        let text = format!("Created user {} as {}", new.email, new.role.as_str());
        group.push(Event::UserCreate, text, vec![target(new)]);
        Ok(())
    }

    /// The member of the workspace with this address.
    ///
    /// Fails with `invalid_input`: an address is typed by an operator.
    pub async fn by_email(&self, cx: &OpCtx, email: &str) -> Result<User> {
        cx.require(Operation::MemberRead, access::Target::NONE)?;
        of_address(self.store.read(), &cx.workspace, email).await
    }

    /// A password nobody has to think of.
    pub fn generate_password(&self) -> PlainKey {
        PlainKey::new(bs58::encode(self.entropy.bytes::<15>()).into_string())
    }
}

pub(crate) fn target(user: &User) -> Target {
    Target::new("user", user.id.as_str(), Some(&user.name))
}

/// What is kept of the token of a link.
fn token_hash(token: &str) -> String {
    KeyHash::of(token).to_base64()
}

fn check_account(email: &str, name: &str) -> Result<()> {
    check_email(email)?;
    check_name(name)
}

fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 256 {
        return Err(Error::invalid("A user name has 1 to 256 characters.").at(Field::Name));
    }
    Ok(())
}

/// Whether this could be an address; whether anybody reads mail there is not known.
pub fn is_email(text: &str) -> bool {
    text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && text
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn check_email(email: &str) -> Result<()> {
    if is_email(email) { Ok(()) } else { Err(Error::invalid("This is not an e-mail address.")) }
}
