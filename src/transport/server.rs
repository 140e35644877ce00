//! The MCP server: answers lists from what was rendered once, and hands calls to the gateway.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
        DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, MetaObject, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::Value;

use super::{Listing, instructions::instructions, prompts, resources, splice::Parking};
use crate::{
    access::Principal,
    gateway::{Caller, Gateway},
};

/// How long clients may keep lists: they change only with a restart.
const FRESH_MS: u64 = 5 * 60 * 1_000;
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// The MCP side of the gateway. Cheap to clone; every session has one.
#[derive(Debug, Clone)]
pub struct McpServer {
    shared: Arc<Shared>,
    /// Where results wait when the transport replaces tokens for all calls (stdio). HTTP brings its own with each request.
    parking: Option<Parking>,
}

#[derive(Debug)]
struct Shared {
    gateway: Arc<Gateway>,
    listing: Listing,
    instructions: String,
    info: Implementation,
    meta: MetaObject,
    principal: Arc<Principal>,
}

impl McpServer {
    /// A server over a gateway. `principal` is whoever comes through this transport without a name of his own.
    pub fn new(gateway: Arc<Gateway>, principal: Arc<Principal>) -> Self {
        let config = gateway.config();
        let info = Implementation::new(&config.server_name, &config.server_version).with_title("FLVX panel");
        let mut meta = MetaObject::default();
        meta.insert(SERVER_INFO.to_owned(), serde_json::to_value(&info).unwrap_or(Value::Null));
        let shared = Shared {
            listing: Listing::new(gateway.registry(), config.surface.spelling),
            instructions: instructions(&gateway),
            gateway,
            info,
            meta,
            principal,
        };
        Self { shared: Arc::new(shared), parking: None }
    }

    /// The same server on a transport that replaces tokens from this parking.
    pub fn with_parking(mut self, parking: Parking) -> Self {
        self.parking = Some(parking);
        self
    }

    /// Who calls: the transport's principal, and the client's own words about itself.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Caller {
        let client = context.client_info().map(|info| {
            format!("{}/{}", info.name, info.version).chars().filter(|c| !c.is_control()).take(100).collect()
        });
        let traceparent = context.meta.0.get_traceparent().map(str::to_owned);
        Caller { principal: Arc::clone(&self.shared.principal), client, traceparent }
    }

    /// Where this call's result may be parked, if its transport replaces tokens.
    fn parking(&self, context: &RequestContext<RoleServer>) -> Option<Parking> {
        let request = context.extensions.get::<http::request::Parts>();
        request.and_then(|parts| parts.extensions.get::<Parking>().cloned()).or_else(|| self.parking.clone())
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        ServerConfig::new(capabilities)
            .with_server_info(self.shared.info.clone())
            .with_instructions(&self.shared.instructions)
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let mut result =
            DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), self.get_info());
        result.ttl_ms = FRESH_MS;
        result.cache_scope = CacheScope::Private;
        Ok(result)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        first_page(request)?;
        let mut result = ListToolsResult::with_all_items(self.shared.listing.tools().to_vec());
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        result.meta = Some(self.shared.meta.clone());
        Ok(result)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.listing.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context);
        let arguments = request.arguments.unwrap_or_default();
        // On the heap: rmcp moves this future between its tasks, and the whole way of a call is 14 KB of it.
        let calling = Box::pin(self.shared.gateway.call(&caller, &request.name, arguments));
        let output = match calling.await {
            Ok(output) => output,
            Err(unknown) => return Err(ErrorData::invalid_params(unknown.to_string(), None)),
        };
        let json = output.to_json();
        let parked = match self.parking(&context) {
            Some(parking) => parking.park(json),
            None => Err(json),
        };
        let (text, structured) = match parked {
            Ok(tokens) => (tokens.text, Value::String(tokens.json)),
            Err(json) => {
                let structured = serde_json::from_str(&json)
                    .map_err(|error| ErrorData::internal_error(format!("the result is not JSON: {error}"), None))?;
                (json, structured)
            }
        };
        let mut result = CallToolResult::default();
        result.content = vec![ContentBlock::text(text)];
        result.structured_content = Some(structured);
        result.is_error = Some(!output.ok());
        if context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28) {
            result.meta = Some(self.shared.meta.clone());
        }
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        first_page(request)?;
        let mut result = ListResourcesResult::with_all_items(resources::list());
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        first_page(request)?;
        let mut result = ListResourceTemplatesResult::with_all_items(resources::templates());
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let mut result = resources::read(self.shared.gateway.registry(), &request.uri)?;
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        first_page(request)?;
        let mut result = ListPromptsResult::with_all_items(prompts::list());
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    /// Also what rmcp could not read as the method that it names: that is a mistake in the arguments, not an unknown method.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let needs = match request.method.as_str() {
            "tools/call" => "`name` is a text and `arguments` an object",
            "prompts/get" => "`name` is a text and `arguments` an object of texts",
            "resources/read" => "`uri` is a text",
            _ => {
                return Err(ErrorData::new(
                    ErrorCode::METHOD_NOT_FOUND,
                    format!("unknown method `{}`", request.method.chars().take(100).collect::<String>()),
                    None,
                ));
            }
        };
        Err(ErrorData::invalid_params(format!("malformed params of {}: {needs}", request.method), None))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(prompts::get(&request)?.into())
    }
}

/// Lists come in one page, so a cursor cannot be ours.
fn first_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("unknown cursor: this list comes in one page", None)),
    }
}
