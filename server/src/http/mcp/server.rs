//! What this server answers to the methods of the protocol.
//!
//! Versions, envelopes and headers of the protocol are the library's; here is what a
//! caller may list, read and call.

use std::sync::Arc;

use poem::http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams,
    GetPromptResponse, Implementation, JsonObject, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::call::{McpCall, call_operation};
use super::catalogue::{Action, Catalogue};
use super::{own_tools, prompts, quoted, resources};
use crate::app::App;

/// How long a client may go by a list: a root key's permissions may change, pages
/// and prompts change with the binary.
const LIST_TTL_MS: u64 = 60_000;

const INSTRUCTIONS: &str = "\
Issues and verifies API keys, limits rates, and manages identities, roles and permissions of one workspace. \
Each tool is an operation of the API of this server; its result is the envelope of that API, `data` in a success \
and `error` in a failure, whose `type` is the address of a page that explains it. Times are Unix milliseconds. \
To find out why a key is refused, call keys_explainKey. When you make a key for somebody, prefer `secretLink`, \
where the tool has it, to passing the secret through the conversation. The documentation is among the resources; \
docs_search finds pages of it.";

/// Answers one message. Cheap to clone.
#[derive(Clone)]
pub struct McpServer {
    pub app: Arc<App>,
    pub catalogue: Arc<Catalogue>,
}

type Context = RequestContext<RoleServer>;

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        let server = Implementation::new("unkey", env!("CARGO_PKG_VERSION"))
            .with_title("unkey")
            .with_website_url(self.app.origin());
        ServerConfig::new(capabilities).with_server_info(server).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        one_page(page)?;
        let call = call_of(&context)?;
        call.set_public();
        let tools = self.catalogue.shown_to(&call).map(|tool| tool.shown(&call)).collect();
        Ok(ListToolsResult {
            ttl_ms: Some(LIST_TTL_MS),
            cache_scope: Some(CacheScope::Private),
            ..ListToolsResult::with_all_items(tools)
        })
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = call_of(&context)?;
        if self.catalogue.find(&call, &params.name).is_none() {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", quoted(&params.name)), None));
        }
        let (server, arguments) = (self.clone(), params.arguments.unwrap_or_default());
        // A task of its own: no client that goes away stops it half-way.
        let result = tokio::spawn(async move { server.run(&call, &params.name, arguments).await });
        match result.await {
            Ok(result) => Ok(result.into()),
            Err(panic) => {
                tracing::error!(%panic, "a tool did not end");
                Err(ErrorData::internal_error("An unexpected error occurred.", None))
            }
        }
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        one_page(page)?;
        call_of(&context)?.set_public();
        Ok(ListResourcesResult {
            ttl_ms: Some(LIST_TTL_MS),
            cache_scope: Some(CacheScope::Public),
            ..ListResourcesResult::with_all_items(resources::list())
        })
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        call_of(&context)?.set_public();
        let page = resources::read(&params.uri)?;
        Ok(page.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Public).into())
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        one_page(page)?;
        call_of(&context)?.set_public();
        Ok(ListPromptsResult {
            ttl_ms: Some(LIST_TTL_MS),
            cache_scope: Some(CacheScope::Public),
            ..ListPromptsResult::with_all_items(prompts::list())
        })
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        _context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(prompts::get(&params.name, &params.arguments.unwrap_or_default())?.into())
    }

    /// Nothing is kept of a client, so there is nothing to note.
    async fn on_initialized(&self, _context: NotificationContext<RoleServer>) {}
}

impl McpServer {
    async fn run(&self, call: &McpCall, name: &str, arguments: JsonObject) -> CallToolResult {
        match self.catalogue.find(call, name).map(|tool| &tool.action) {
            Some(Action::Operation(operation)) => {
                call_operation(&self.app, &self.catalogue, call, operation, arguments).await
            }
            Some(Action::Own(own)) => own_tools::call(&self.app, &self.catalogue, call, own, arguments).await,
            None => CallToolResult::error(Vec::new()),
        }
    }
}

/// Who sent the message that is being answered.
fn call_of(context: &Context) -> Result<Arc<McpCall>, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let call = parts.and_then(|parts| parts.extensions.get::<Arc<McpCall>>());
    call.cloned().ok_or_else(|| ErrorData::internal_error("An unexpected error occurred.", None))
}

/// Every list fits on one page, so no cursor was ever given out.
fn one_page(page: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match page.and_then(|page| page.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("There is no page with this cursor.", None)),
    }
}
