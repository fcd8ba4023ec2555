//! Callers that go away: a request is polled this often and dropped, at every
//! place where it may wait. Whatever became of the change, what is answered from
//! memory afterwards is what the database says.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use base::secret::KeyHash;
use base::store::Change;
use serde_json::{Value, json};

use crate::support::TestApp;

/// How often requests are polled before they are dropped; the last ones end.
pub const POLLS: [usize; 6] = [1, 2, 4, 8, 16, 2000];

/// Polls `request` so often, then drops it. Between polls everything else has its turn.
pub async fn drop_after(polls: usize, request: impl Future) {
    {
        let mut request = pin!(request);
        for _ in 0..polls {
            if request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// What there is to ask about, by secrets and names that the fixture made.
pub struct Asked<'a> {
    pub workspace: &'a str,
    pub api: &'a str,
    pub key_secret: &'a str,
    pub identity: &'a str,
    /// A root key that a change may be about.
    pub root_key: &'a str,
    pub namespace: &'a str,
}

impl Asked<'_> {
    /// Answers that come from memory where they can.
    async fn ask(&self, test: &TestApp) -> Vec<Value> {
        let verify = json!({ "key": self.key_secret, "credits": { "cost": 0 } });
        let limit = json!({ "namespace": self.namespace, "identifier": "vip", "limit": 9, "duration": 60000, "cost": 0 });
        let verified = test.call("keys.verifyKey", verify).await;
        let limited = test.call("ratelimit.limit", limit).await;
        let authenticated = test.call_as(self.root_key, "apis.getApi", json!({ "apiId": self.api })).await;
        let answers = [verified, limited, authenticated].map(|answer| {
            let mut body = answer.body;
            body.as_object_mut().expect("an object").remove("meta");
            // Asking counts on the limits of the key.
            for limit in
                body.pointer_mut("/data/ratelimits").and_then(Value::as_array_mut).into_iter().flatten()
            {
                limit["remaining"].take();
            }
            json!([answer.status.as_u16(), body])
        });
        answers.into()
    }

    /// Says that everything changed: what is asked next is read from the database.
    async fn forget(&self, test: &TestApp) {
        let namespace = |name: &str| Change::Namespace {
            workspace: self.workspace.into(),
            id: name.into(),
            name: name.to_owned(),
        };
        let changes = [
            Change::Key(KeyHash::of(self.key_secret).to_base64()),
            Change::RootKey(KeyHash::of(self.root_key).to_base64()),
            Change::Api(self.api.into()),
            Change::Identity(self.identity.into()),
            Change::Workspace(self.workspace.into()),
            Change::Rbac(self.workspace.into()),
            namespace(self.namespace),
        ];
        let write = test.app.store.write(|tx| async move {
            changes.into_iter().for_each(|change| tx.changed(change));
            Ok(())
        });
        write.await.unwrap();
    }

    /// Drops `request` after so many polls, lets what it began come to its end, and
    /// compares memory and database.
    pub async fn agree_after(&self, test: &TestApp, what: &str, polls: usize, request: impl Future) {
        self.ask(test).await;
        drop_after(polls, request).await;
        loop {
            let changes = test.audit_entries().await;
            // Tasks that were begun take their turn before this change takes its own.
            tokio::task::yield_now().await;
            test.app.store.write(|_| async { Ok(()) }).await.unwrap();
            let from_memory = self.ask(test).await;
            self.forget(test).await;
            let from_database = self.ask(test).await;
            if from_memory != from_database && test.audit_entries().await != changes {
                // A change was made between the two questions: ask both again.
                continue;
            }
            assert_eq!(from_memory, from_database, "{what}, dropped after {polls} polls");
            return;
        }
    }
}
