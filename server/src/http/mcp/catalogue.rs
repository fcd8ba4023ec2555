//! Every tool there is, and who is shown which.
//!
//! Tools are made of what was offered, when a client first asks for them. A caller is
//! shown those of its selection that it may call on some target; the rest are not
//! there for it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use poem::{Endpoint, Request, Response};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::call::McpCall;
use super::own_tools::{OWN_TOOLS, OwnTool};
use super::selection::Selection;
use crate::app::App;
use crate::http::offered::{Effect, Offer, OfferedOperation};
use base::access::{OpCtx, Operation as Right};
use base::error::Error;
use base::ids::RequestId;

/// An argument of tools whose operation happens once by an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: &str = "idempotencyKey";
/// An argument of tools that make a key: its secret goes behind a one-time link.
pub const SECRET_LINK: &str = "secretLink";
/// The argument that is the whole body, where that is no object.
pub const BODY: &str = "body";

/// All tools, and how those of the offer are carried out.
pub struct Catalogue {
    offer: Offer,
    tools: OnceLock<Vec<CatalogueTool>>,
}

/// A tool, ready to be shown and called.
pub struct CatalogueTool {
    pub action: Action,
    toolset: &'static str,
    effect: Effect,
    /// `None` asks for a root key and nothing more.
    needs: Option<Right>,
    plain: Tool,
    /// As it is shown to those who may put a secret behind a one-time link.
    with_link: Option<Tool>,
}

/// What a call of a tool does.
pub enum Action {
    Operation(OfferedOperation),
    Own(&'static OwnTool),
}

impl Catalogue {
    pub fn new(offer: Offer) -> Self {
        Self { offer, tools: OnceLock::new() }
    }

    fn tools(&self) -> &[CatalogueTool] {
        self.tools.get_or_init(|| {
            let offered = (self.offer.operations)().into_iter().map(CatalogueTool::of_operation);
            offered.chain(OWN_TOOLS.iter().map(CatalogueTool::of_own)).collect()
        })
    }

    /// The toolsets, in the order of their tools.
    pub fn toolsets(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for tool in self.tools() {
            if !names.contains(&tool.toolset) {
                names.push(tool.toolset);
            }
        }
        names
    }

    /// The tools that a caller is shown.
    pub fn shown_to<'a>(&'a self, call: &'a McpCall) -> impl Iterator<Item = &'a CatalogueTool> {
        let cx = call.cx();
        self.tools().iter().filter(move |tool| tool.is_shown_to(&cx, &call.selection))
    }

    /// The tool of this name, if the caller is shown it.
    pub fn find<'a>(&'a self, call: &'a McpCall, name: &str) -> Option<&'a CatalogueTool> {
        self.shown_to(call).find(|tool| tool.plain.name == name)
    }

    /// Carries out a request of the offered contract.
    pub async fn carry_out(&self, request: Request) -> Response {
        self.offer.endpoint.get_response(request).await
    }

    /// Status and body of a failure, as the offered contract has them.
    pub fn failure(&self, app: &App, error: &Error, request_id: &RequestId) -> (u16, Bytes) {
        (self.offer.failure)(error, request_id, &app.origin())
    }
}

impl CatalogueTool {
    fn of_operation(operation: OfferedOperation) -> Self {
        let with_link = operation.makes_key.then(|| tool_of(&operation, true));
        Self {
            toolset: operation.name().split('.').next().unwrap_or_default(),
            effect: operation.effect,
            needs: Some(operation.needs),
            plain: tool_of(&operation, false),
            with_link,
            action: Action::Operation(operation),
        }
    }

    fn of_own(own: &'static OwnTool) -> Self {
        let plain = Tool::new(own.name, own.description, object((own.described)()))
            .with_title(own.title)
            .with_annotations(annotations(Effect::Reads))
            .with_raw_output_schema(object(enveloped(json!({}))));
        Self {
            action: Action::Own(own),
            toolset: own.toolset,
            effect: Effect::Reads,
            needs: own.needs,
            plain,
            with_link: None,
        }
    }

    fn is_shown_to(&self, cx: &OpCtx, selection: &Selection) -> bool {
        selection.contains(self.toolset, self.effect) && self.needs.is_none_or(|right| cx.may_on_some(right))
    }

    /// As the caller is told of it.
    pub fn shown(&self, call: &McpCall) -> Tool {
        match &self.with_link {
            Some(tool) if call.may_make_links() => tool.clone(),
            _ => self.plain.clone(),
        }
    }
}

fn tool_of(operation: &OfferedOperation, with_link: bool) -> Tool {
    let mut input = match &operation.request {
        body if body["type"] == "object" => body.clone(),
        body => json!({
            "type": "object", "required": [BODY], "properties": { BODY: body }, "additionalProperties": false,
        }),
    };
    // An operation that takes nothing: some clients want to read that.
    if input["properties"].is_null() {
        input["properties"] = json!({});
    }
    let mut output = enveloped(operation.response.clone());
    let mut description = format!("{}. The operation `{}` of the API.", operation.summary, operation.name());
    if operation.idempotent {
        input["properties"][IDEMPOTENCY_KEY] = json!({
            "type": "string", "minLength": 1, "maxLength": 255,
            "description": "Any text of your own: the same one with the same arguments within a day gets the \
                            first answer again, and nothing is made twice. Use one where you may have to retry.",
        });
    }
    if with_link {
        add_link(&mut input, &mut output);
        description.push_str(
            " The secret of the key passes through this conversation unless `secretLink` is true, which is \
             recommended: then you get a link that shows it once, to pass on instead.",
        );
    } else if operation.makes_key {
        description.push_str(" The answer shows the secret of the key, this one time.");
    }
    let name = operation.name().replace('.', "_");
    Tool::new(name, description, object(input))
        .with_title(operation.summary)
        .with_annotations(annotations(operation.effect))
        .with_raw_output_schema(object(output))
}

fn add_link(input: &mut Value, output: &mut Value) {
    input["properties"][SECRET_LINK] = json!({
        "type": "boolean", "default": false,
        "description": "Answer with a link that shows the secret once, within three days, in place of the secret.",
    });
    let data = &mut output["properties"]["data"];
    data["properties"][SECRET_LINK] = json!({
        "type": "object", "required": ["url", "expiresAt"],
        "properties": { "url": { "type": "string" }, "expiresAt": { "type": "integer" } },
    });
    if let Some(required) = data["required"].as_array_mut() {
        required.retain(|member| member != "key");
    }
}

/// The schema of an envelope that is a success of this schema, or a failure: clients
/// hold both against it.
fn enveloped(success: Value) -> Value {
    let mut properties = success["properties"].as_object().cloned().unwrap_or_default();
    properties.entry("meta").or_insert_with(|| {
        json!({ "type": "object", "required": ["requestId"], "properties": { "requestId": { "type": "string" } } })
    });
    properties.insert(
        "error".to_owned(),
        json!({
            "type": "object", "required": ["title", "detail", "status", "type"],
            "properties": {
                "title": { "type": "string" }, "detail": { "type": "string" },
                "status": { "type": "integer" }, "type": { "type": "string" },
            },
        }),
    );
    json!({ "type": "object", "required": ["meta"], "properties": properties })
}

fn annotations(effect: Effect) -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(effect == Effect::Reads)
        .destructive(effect == Effect::Destroys)
        // Everything happens on this server.
        .open_world(false)
}

fn object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(members) => Arc::new(members),
        _ => Arc::default(),
    }
}
