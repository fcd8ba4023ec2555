//! The MCP door: who is shown and may call which tool, both eras of the protocol, and
//! what is refused without a trace.

mod credentials;
mod links;
mod protocol;
mod searches;
mod tools;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, answer};

const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

/// A message as it is sent, well-formed or not.
struct Message {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Message {
    /// Of a client that keeps to the revision of 2025-11-25.
    fn legacy(root_key: &str, method: &str, params: Value) -> Self {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        Self {
            path: "/mcp".to_owned(),
            headers: vec![
                ("host", "localhost:3000".to_owned()),
                ("authorization", format!("Bearer {root_key}")),
                ("accept", "application/json, text/event-stream".to_owned()),
                ("content-type", "application/json".to_owned()),
                ("mcp-protocol-version", LEGACY.to_owned()),
            ],
            body: body.to_string(),
        }
    }

    /// Of one that speaks 2026-07-28.
    fn modern(root_key: &str, method: &str, mut params: Value) -> Self {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        });
        let name = ["name", "uri"].iter().find_map(|name| params[*name].as_str()).map(str::to_owned);
        let message = Self::legacy(root_key, method, params)
            .with("mcp-protocol-version", MODERN)
            .with("mcp-method", method);
        match name {
            Some(name) => message.with("mcp-name", &name),
            None => message,
        }
    }

    fn to(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn saying(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    async fn send(self, test: &TestApp) -> Answer {
        let mut request = test.client.post(self.path).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        answer(request.send().await.0).await
    }

    /// The result of a message that the protocol answers.
    async fn result(self, test: &TestApp) -> Value {
        let answer = self.send(test).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
        assert!(answer.body["error"].is_null(), "{}", answer.body);
        answer.body["result"].clone()
    }

    /// The code of the error that the protocol answers with.
    async fn error(self, test: &TestApp) -> i64 {
        let answer = self.send(test).await;
        answer.body["error"]["code"].as_i64().unwrap_or_else(|| panic!("{}", answer.body))
    }
}

/// Calls a tool with the full root key, in the older era.
async fn call(test: &TestApp, tool: &str, arguments: Value) -> Value {
    call_as(test, &test.root_key, tool, arguments).await
}

async fn call_as(test: &TestApp, root_key: &str, tool: &str, arguments: Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    Message::legacy(root_key, "tools/call", params).result(test).await
}

/// The envelope of a success.
#[track_caller]
fn data(result: &Value) -> Value {
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(result["content"][0]["text"], result["structuredContent"].to_string());
    result["structuredContent"]["data"].clone()
}

/// Asserts a failure with this status and code.
#[track_caller]
fn fails(result: &Value, status: u16, code: &str) {
    assert_eq!(result["isError"], true, "{result}");
    let error = &result["structuredContent"]["error"];
    assert_eq!(error["status"], status, "{result}");
    assert!(error["type"].as_str().unwrap().ends_with(code), "{result}");
}

/// The names of the tools that a root key is shown at an address.
async fn listed(test: &TestApp, root_key: &str, path: &str) -> Vec<String> {
    let result = Message::legacy(root_key, "tools/list", json!({})).to(path).result(test).await;
    let tools = result["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}
