mod factor;
mod guessing;
mod login;
mod turns;

use super::*;
use crate::users::{CreateUser, Users};
use crate::vault::MasterKeySource;
use base::access::OpCtx;
use base::address::ClientAddress;
use base::clock::MINUTE_MS;
use base::secret::PlainKey;
use base::store::testing::{NOW_MS, TestStore, anonymous};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

/// A server with one user, Ada, who is an admin of `ws_1`.
struct Server {
    test: TestStore,
    users: Users,
    sessions: Sessions,
    ada: UserId,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
        let entropy = Entropy::seeded(11);
        let master = MasterKeySource::File(dir.path().join("master.key"));
        let vault = Vault::open(test.store.clone(), entropy.clone(), master, NOW_MS).await.unwrap();
        let limiter = RateLimiter::new(100_000, test.store.database().clone());
        let users = Users::new(test.store.clone(), entropy.clone());
        let sessions = Sessions::new(test.store.clone(), entropy, vault, limiter, users.passwords().clone());
        let ada = users.create(&test.operator(), user(EMAIL)).await.unwrap();
        Self { test, users, sessions, ada, _dir: dir }
    }

    async fn log_in(&self, now_ms: i64) -> NewSession {
        match self.try_log_in(PASSWORD, now_ms).await.unwrap() {
            Step::SignedIn(session) => session,
            Step::SecondFactor(_) => panic!("there is no second factor"),
        }
    }

    async fn try_log_in(&self, password: &str, now_ms: i64) -> Result<Step> {
        self.sessions.login(&visitor(now_ms), login("Ada@Example.com", password)).await
    }

    /// What a page does with a cookie.
    async fn open(&self, session: &NewSession, now_ms: i64) -> Result<OpCtx> {
        let signed_in = self.sessions.authenticate(session.cookie.reveal(), now_ms).await?;
        let workspace = WorkspaceId::from("ws_1");
        Ok(OpCtx { principal: signed_in.principal(&workspace), workspace, ..visitor(now_ms) })
    }

    /// Events of people, without how they were made.
    async fn events(&self) -> Vec<String> {
        self.test.events(1).await
    }
}

fn user(email: &str) -> CreateUser {
    CreateUser {
        email: email.to_owned(),
        name: email.to_owned(),
        role: Role::Admin,
        password: plain(PASSWORD),
    }
}

/// Without the cookie of a known browser.
fn login(email: &str, password: &str) -> Login {
    Login { email: email.to_owned(), password: plain(password), device: None }
}

fn plain(text: &str) -> PlainKey {
    PlainKey::new(text.to_owned())
}

fn visitor(now_ms: i64) -> OpCtx {
    OpCtx {
        now_ms,
        address: ClientAddress::direct("192.0.2.1".parse().unwrap()),
        user_agent: Some("A browser".into()),
        ..anonymous()
    }
}

/// The code of a refusal.
fn code<T>(outcome: Result<T, Error>) -> Code {
    outcome.err().expect("a refusal").code()
}
