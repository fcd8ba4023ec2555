//! What exists elsewhere and what does not exist, told apart by nobody: names of
//! a fixture, each with a twin of the same form that names nothing.

use base::access::{Door, Principal};
use base::ids::WorkspaceId;
use domain::root_keys::CreateRootKey;
use serde_json::Value;

use crate::support::{Answer, TestApp};

/// Ids and names that exist, each beside one that does not.
pub struct Twins(Vec<(String, String)>);

impl Twins {
    pub fn of(known: &[&str]) -> Self {
        Self(known.iter().map(|name| ((*name).to_owned(), twin(name))).collect())
    }

    /// The same text about what is absent, as far as ids go: a name may be a part
    /// of a word.
    pub fn absent(&self, text: &str) -> String {
        let ids = self.0.iter().filter(|(known, _)| known.contains('_'));
        ids.fold(text.to_owned(), |text, (known, twin)| text.replace(known, twin))
    }

    /// The same body about what is absent: texts that are names as a whole.
    pub fn absent_body(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => {
                let found = self.0.iter().find(|(known, _)| known == text);
                Value::from(found.map_or(text.as_str(), |(_, twin)| twin))
            }
            Value::Array(items) => items.iter().map(|item| self.absent_body(item)).collect(),
            Value::Object(members) => {
                let absent = members.iter().map(|(name, value)| (name.clone(), self.absent_body(value)));
                Value::Object(absent.collect())
            }
            other => other.clone(),
        }
    }

    /// An answer, byte by byte, but for the request id and for which of the two
    /// it is about.
    pub fn told(&self, answer: &Answer) -> String {
        let mut body = answer.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("meta");
            members.remove("requestId");
        }
        if let Some(error) = body["error"].as_object_mut() {
            error.remove("requestId");
        }
        let text = format!("{} {} {body}", answer.status, answer.content_type);
        self.0.iter().fold(text, |text, (known, twin)| text.replace(twin, known))
    }
}

/// Of the same length and characters.
fn twin(name: &str) -> String {
    let mut twin = name.to_owned();
    let last = twin.pop().expect("names are not empty");
    twin.push(if last == 'q' { 'z' } else { 'q' });
    twin
}

/// A second workspace, and somebody who may do everything there.
pub struct Elsewhere {
    workspace: WorkspaceId,
    full: String,
}

impl Elsewhere {
    pub async fn make(test: &TestApp) -> Self {
        let full = test.root_key_of_another_workspace().await;
        Self { workspace: test.app.workspaces.resolve(Some("other")).await.unwrap().id, full }
    }

    /// Root keys of it, one to ask about what exists and one about its twin: with
    /// every right, with none, and each with the permissions that name what it
    /// asks about. In those `{ws}` is this workspace.
    pub async fn callers(&self, test: &TestApp, permissions: [Vec<String>; 2]) -> Vec<(String, String)> {
        let cx = test.app.cx(self.workspace.clone(), Principal::Cli, Door::Cli);
        let mut keys = Vec::new();
        for list in [Vec::new()].into_iter().chain(permissions) {
            let command = CreateRootKey {
                name: None,
                permissions: list.iter().map(|text| text.replace("{ws}", self.workspace.as_str())).collect(),
                full: false,
                expires_at: None,
                ip_allowlist: None,
                limit_per_minute: None,
            };
            keys.push(test.app.root_keys.create(&cx, command).await.unwrap().1.reveal().to_owned());
        }
        let [none, known, twin] = keys.try_into().expect("one for each list");
        vec![(self.full.clone(), self.full.clone()), (none.clone(), none), (known, twin)]
    }
}
