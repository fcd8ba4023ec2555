//! One of everything, for a request to change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::database::query;
use crate::doors::Connection;
use crate::doors::v2;
use crate::model::Outcome;

/// Ids, names and secrets by what they are of. Nothing else uses these objects, apart
/// from those in [`Shared`].
pub struct Objects(BTreeMap<&'static str, String>);

/// What all objects of a server have in common.
pub struct Shared {
    pub workspace: String,
    /// An import that was announced.
    pub migration: String,
    /// An API whose keys may be kept encrypted.
    pub kept_api: String,
}

impl Shared {
    /// On a server with which nothing is wrong.
    pub fn make(connection: &mut Connection<'_>) -> Self {
        let data = &connection.site.data;
        let migration = e2e::cli_ok(data, &["migration", "create", "--algorithm", "sha256"]);
        let rows =
            query(&data.join("app.db"), "SELECT id FROM workspaces").expect("the database can be read");
        let workspace = rows[0]["id"].as_str().unwrap_or_default().to_owned();
        let Outcome::Done(api) = connection.v2("apis.createApi", &json!({ "name": "kept" })) else {
            panic!("no API on a server with which nothing is wrong");
        };
        let kept_api = api["apiId"].as_str().unwrap_or_default().to_owned();
        e2e::cli_ok(&connection.site.data, &["api", "set", &kept_api, "--recoverable", "on"]);
        Self { workspace, migration, kept_api }
    }
}

impl Objects {
    /// Makes them on a server with which nothing is wrong. `number` is theirs alone.
    pub fn make(connection: &mut Connection<'_>, number: usize, shared: &Shared) -> Self {
        let mut objects = Self(BTreeMap::new());
        let own = |kind: &str| format!("{kind}o{number}o");
        for name in ["new", "person", "slug", "spare_slug", "namespace", "place", "portal"] {
            objects.0.insert(name, own(name).replace('_', ""));
        }
        for (name, of) in [("role_name", "role"), ("spare_role_name", "sparerole"), ("root_name", "root")] {
            objects.0.insert(name, own(of));
        }
        for (name, id) in [
            ("workspace", &shared.workspace),
            ("migration", &shared.migration),
            ("kept_api", &shared.kept_api),
        ] {
            objects.0.insert(name, id.clone());
        }
        // 32 bytes in base64; whose hash they are nobody knows.
        objects.0.insert("hash", format!("{number:0>42}A="));
        objects.make_access(connection);
        objects.make_keys(connection);
        objects.make_limits(connection);
        objects.make_visits(connection);
        objects.make_webhook(connection);
        objects
    }

    pub fn name(&self, of: &str) -> &str {
        self.0.get(of).map_or_else(|| panic!("there is no <{of}>"), String::as_str)
    }

    /// A text with the names of these objects in it.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (of, name)| text.replace(&format!("<{of}>"), name))
    }

    /// The other way round: what to write so that [`Objects::fill`] gives this text.
    pub fn pattern(&self, text: &str) -> String {
        let segments = text.split('/').map(|segment| {
            let of = self.0.iter().find(|(_, name)| *name == segment);
            of.map_or_else(|| segment.to_owned(), |(of, _)| format!("<{of}>"))
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn make_access(&mut self, connection: &mut Connection<'_>) {
        for (slug, id) in [("<slug>", "permission"), ("<spare_slug>", "spare_permission")] {
            let body = json!({ "name": slug, "slug": slug });
            self.keep(connection, "permissions.createPermission", &body, &[(id, "permissionId")]);
        }
        let body = json!({ "name": "<role_name>", "permissions": ["<slug>"] });
        self.keep(connection, "permissions.createRole", &body, &[("role", "roleId")]);
        let body = json!({ "name": "<spare_role_name>" });
        self.keep(connection, "permissions.createRole", &body, &[("spare_role", "roleId")]);
        for (root, secret) in [("root", "root_secret"), ("off_root", "off_root_secret")] {
            let body = json!({ "name": "<root_name>", "permissions": ["api.*.read_api"] });
            self.keep(connection, "rootKeys.createKey", &body, &[(root, "keyId"), (secret, "key")]);
        }
        let body = json!({ "keyId": "<off_root>", "enabled": false });
        self.keep(connection, "rootKeys.updateKey", &body, &[]);
    }

    fn make_keys(&mut self, connection: &mut Connection<'_>) {
        let body = json!({ "externalId": "<person>", "meta": { "plan": 0 } });
        self.keep(connection, "identities.createIdentity", &body, &[("identity", "identityId")]);
        for (api, key, secret, keyspace) in
            [("api", "key", "secret", "keyspace"), ("spare_api", "off", "off_secret", "spare_keyspace")]
        {
            self.keep(connection, "apis.createApi", &json!({ "name": api }), &[(api, "apiId")]);
            let body = json!({
                "apiId": format!("<{api}>"), "name": "k", "externalId": "<person>",
                "permissions": ["<slug>"], "roles": ["<role_name>"], "credits": { "remaining": 100 },
            });
            self.keep(connection, "keys.createKey", &body, &[(key, "keyId"), (secret, "key")]);
            let body = json!({ "key": format!("<{secret}>"), "credits": { "cost": 0 } });
            self.keep(connection, "keys.verifyKey", &body, &[(keyspace, "keyspaceId")]);
        }
        self.keep(connection, "keys.updateKey", &json!({ "keyId": "<off>", "enabled": false }), &[]);
        let body = json!({ "apiId": "<api>", "name": "gone" });
        self.keep(connection, "keys.createKey", &body, &[("gone", "keyId")]);
        self.keep(connection, "keys.deleteKey", &json!({ "keyId": "<gone>" }), &[]);
        let body = json!({ "apiId": "<kept_api>", "name": "kept", "recoverable": true });
        self.keep(connection, "keys.createKey", &body, &[("kept", "keyId")]);
    }

    fn make_limits(&mut self, connection: &mut Connection<'_>) {
        let body =
            json!({ "namespace": "<namespace>", "identifier": "first", "limit": 1, "duration": 60_000 });
        self.keep(connection, "ratelimit.limit", &body, &[]);
        let body =
            json!({ "namespace": "<namespace>", "identifier": "<place>", "limit": 5, "duration": 60_000 });
        self.keep(connection, "ratelimit.setOverride", &body, &[("override", "overrideId")]);
        let sql = format!("SELECT id FROM namespaces WHERE name = '{}'", self.name("namespace"));
        let rows = query(&connection.site.data.join("app.db"), &sql).expect("the database can be read");
        self.0.insert("namespace_id", rows[0]["id"].as_str().unwrap_or_default().to_owned());
    }

    fn make_visits(&mut self, connection: &mut Connection<'_>) {
        let body = json!({ "slug": "<portal>", "displayName": "<portal>", "keyspaceId": "<keyspace>" });
        self.keep(connection, "portal.createPortal", &body, &[]);
        for code in ["used_code", "code"] {
            let body = json!({
                "portal": "<portal>", "externalId": "<person>", "scopes": ["keys:read", "keys:reroll"],
            });
            self.keep(connection, "portal.createSession", &body, &[(code, "url")]);
            let url = self.0.remove(code).unwrap_or_default();
            self.0.insert(code, url.split_once("code=").map_or(url.clone(), |(_, code)| code.to_owned()));
        }
        let exchange = v2::portal_call("portal.exchangeCode", &json!({ "code": self.name("used_code") }), "");
        let Outcome::Done(reply) = connection.send(&exchange) else { panic!("no session for a code") };
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        self.0.insert("token", body["data"]["accessToken"].as_str().unwrap_or_default().to_owned());
    }

    /// An endpoint that no name leads to, in place of those before: a workspace has few.
    fn make_webhook(&mut self, connection: &mut Connection<'_>) {
        let Outcome::Done(endpoints) = connection.v2("webhooks.listEndpoints", &json!({})) else {
            panic!("no list of endpoints on a server with which nothing is wrong");
        };
        for endpoint in endpoints.as_array().into_iter().flatten() {
            self.keep(connection, "webhooks.deleteEndpoint", &json!({ "endpointId": endpoint["id"] }), &[]);
        }
        let body = json!({ "url": "https://hooks.invalid/", "events": ["webhook.*"] });
        self.keep(connection, "webhooks.createEndpoint", &body, &[("webhook", "endpointId")]);
        let body = json!({ "endpointId": "<webhook>" });
        self.keep(connection, "webhooks.sendTest", &body, &[("delivery", "deliveryId")]);
    }

    /// Calls an operation that must succeed, and keeps members of what it answers.
    fn keep(
        &mut self,
        connection: &mut Connection<'_>,
        operation: &str,
        body: &Value,
        members: &[(&'static str, &str)],
    ) {
        let body = serde_json::from_str(&self.fill(&body.to_string())).expect("names need no quoting");
        let data = match connection.v2(operation, &body) {
            Outcome::Done(data) => data,
            other => panic!("{operation} on a server with which nothing is wrong: {other:?}"),
        };
        for (name, member) in members {
            let value = data[*member].as_str();
            let value = value.unwrap_or_else(|| panic!("{operation} answers no {member}: {data}"));
            self.0.insert(name, value.to_owned());
        }
    }
}
