//! The MCP server: answers lists from what was rendered once, and hands calls to the gateway.

use std::sync::Arc;

use flvx_panel::spec::Danger;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
        DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation, InitializeRequestParams,
        InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        MetaObject, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
        ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    Entrance, Listing, approval, auth::Known, instructions::instructions, prompts, resources, saved, splice::Parking,
};
use crate::{
    access::{Principal, Via},
    clean::clean_text,
    gateway::{Caller, Gateway},
    result::CallOutput,
};

/// How long clients may keep lists: they change with the policy and with logins. What a list says is never what decides.
const FRESH_MS: u64 = 60 * 1_000;
/// Names the parts of a result that hold words of other people. Beside the result, where a model does not pay for it.
const UNTRUSTED: &str = "flvx-mcp/untrusted";
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
    info: Implementation,
    meta: MetaObject,
    entrance: Entrance,
    untrusted: Value,
}

impl McpServer {
    /// A server over a gateway, for those who come through this entrance.
    pub fn new(gateway: Arc<Gateway>, entrance: Entrance) -> Self {
        let config = gateway.config();
        let info = Implementation::new(&config.server_name, &config.server_version).with_title("FLVX panel");
        let mut meta = MetaObject::default();
        meta.insert(SERVER_INFO.to_owned(), serde_json::to_value(&info).unwrap_or(Value::Null));
        let shared = Shared {
            listing: Listing::new(gateway.registry(), config.surface.spelling),
            gateway,
            info,
            meta,
            entrance,
            untrusted: Value::from(CallOutput::FOREIGN.to_vec()),
        };
        Self { shared: Arc::new(shared), parking: None }
    }

    /// The same server on a transport that replaces tokens from this parking.
    pub fn with_parking(mut self, parking: Parking) -> Self {
        self.parking = Some(parking);
        self
    }

    /// Who asks. It is looked up for every request: rights change while a client stays connected, and of one session every
    /// request proves anew whose it is.
    fn principal(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Principal>, ErrorData> {
        match self.shared.entrance {
            Entrance::Stdio => Ok(self.shared.gateway.policy().roster.local(Via::Stdio)),
            Entrance::Http => known(context)
                .map(|known| Arc::clone(&known.principal))
                .ok_or_else(|| ErrorData::internal_error("the request came in without a principal", None)),
        }
    }

    /// Who calls, with the client's own words about itself.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
        let client = context
            .client_info()
            .map(|info| clean_text(&format!("{}/{}", info.name, info.version)).chars().take(100).collect());
        let traceparent = context.meta.0.get_traceparent().map(str::to_owned);
        Ok(Caller { principal: self.principal(context)?, client, traceparent })
    }

    /// Hands a call to the gateway. A read ends with the client that hangs up or cancels it; a change goes on to its end, so
    /// that it is known what came of it.
    async fn once(
        &self,
        caller: &Caller,
        request: &CallToolRequestParams,
        gone: &CancellationToken,
    ) -> Result<CallOutput, ErrorData> {
        let arguments = request.arguments.clone().unwrap_or_default();
        let gateway = &self.shared.gateway;
        // On the heap: rmcp moves this future between its tasks, and the whole way of a call is 14 KB of it.
        let calling = Box::pin(gateway.call(caller, &request.name, arguments));
        let changes = gateway.registry().resolve(&request.name).is_some_and(|tool| tool.danger >= Danger::Write);
        let called = if changes {
            calling.await
        } else {
            tokio::select! {
                biased;
                called = calling => called,
                // Nobody hears this.
                () = gone.cancelled() => return Err(ErrorData::internal_error("the call was cancelled", None)),
            }
        };
        called.map_err(|unknown| ErrorData::invalid_params(unknown.to_string(), None))
    }

    /// The same caller with the rights of now, after a wait. `None`: the policy changed, and only a new request can prove who
    /// it is.
    fn still(&self, context: &RequestContext<RoleServer>, caller: &Caller) -> Option<Caller> {
        match self.shared.entrance {
            Entrance::Http => known(context)?.holds(&self.shared.gateway).then(|| caller.clone()),
            Entrance::Stdio => Some(Caller { principal: self.principal(context).ok()?, ..caller.clone() }),
        }
    }

    /// Where this call's result may be parked, if its transport replaces tokens.
    fn parking(&self, context: &RequestContext<RoleServer>) -> Option<Parking> {
        let request = context.extensions.get::<http::request::Parts>();
        request.and_then(|parts| parts.extensions.get::<Parking>().cloned()).or_else(|| self.parking.clone())
    }
}

/// `get_tool` stays the library's: it is asked without a principal, and only for parameters that travel in headers, of which
/// no tool has any.
impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        ServerConfig::new(capabilities).with_server_info(self.shared.info.clone())
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let principal = self.principal(&context)?;
        context.peer.set_peer_info(request.clone());
        let mut result = self.negotiate_initialize(&request)?;
        result.instructions = Some(instructions(&self.shared.gateway, &principal));
        Ok(result)
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let principal = self.principal(&context)?;
        let info = self.get_info().with_instructions(instructions(&self.shared.gateway, &principal));
        let mut result = DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), info);
        result.ttl_ms = FRESH_MS;
        result.cache_scope = CacheScope::Private;
        Ok(result)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        first_page(request)?;
        let principal = self.principal(&context)?;
        let offered = self.shared.listing.offered(self.shared.gateway.offer(&principal));
        let mut result = ListToolsResult::with_all_items(offered);
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        result.meta = Some(self.shared.meta.clone());
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let gateway = &self.shared.gateway;
        let mut answered = approval::can_ask(&context) && approval::take_answer(gateway, &caller, &request).await;
        let mut output = self.once(&caller, &request, &context.ct).await?;
        if let Some(awaits) = output.awaits.clone().filter(|_| !answered && approval::can_ask(&context)) {
            if approval::is_modern(&context) {
                return Ok(approval::input_required(&awaits).into());
            }
            answered = approval::ask(gateway, &caller, &context, &awaits).await;
            match self.still(&context, &caller) {
                Some(caller) if answered => output = self.once(&caller, &request, &context.ct).await?,
                None if answered => {
                    output.warnings.push(
                        "the form was answered, and the gateway's policy changed while it was open: repeat the same call"
                            .to_owned(),
                    );
                    answered = false;
                }
                _ => {}
            }
        }
        if answered {
            approval::tell_undecided(&mut output);
        }
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
        let version = context.protocol_version();
        if let Some(link) = output
            .link
            .as_ref()
            .filter(|_| version.as_ref().is_some_and(|version| *version >= ProtocolVersion::V_2025_06_18))
        {
            result.content.push(ContentBlock::resource_link(saved::link(link)));
        }
        result.structured_content = Some(structured);
        result.is_error = Some(!output.ok());
        let mut meta = match version {
            Some(version) if version >= ProtocolVersion::V_2026_07_28 => self.shared.meta.clone(),
            _ => MetaObject::default(),
        };
        if output.holds_foreign_words() {
            meta.insert(UNTRUSTED.to_owned(), self.shared.untrusted.clone());
        }
        result.meta = (!meta.is_empty()).then_some(meta);
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        first_page(request)?;
        let principal = self.principal(&context)?;
        let mut all = resources::list();
        all.extend(saved::list(&self.shared.gateway, &principal).await);
        let mut result = ListResourcesResult::with_all_items(all);
        // Every backup makes a new one.
        result.ttl_ms = Some(0);
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
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let mut result = match saved::read(&self.shared.gateway, &caller, &request.uri).await? {
            Some(result) => result,
            None => resources::read(self.shared.gateway.offer(&caller.principal), &request.uri)?,
        };
        result.ttl_ms = Some(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        first_page(request)?;
        let principal = self.principal(&context)?;
        let mut result = ListPromptsResult::with_all_items(prompts::list(self.shared.gateway.offer(&principal)));
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
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let principal = self.principal(&context)?;
        Ok(prompts::get(self.shared.gateway.offer(&principal), &request)?.into())
    }
}

/// What the layer in front of HTTP has found out about a request.
fn known(context: &RequestContext<RoleServer>) -> Option<&Known> {
    context.extensions.get::<http::request::Parts>()?.extensions.get::<Known>()
}

/// Lists come in one page, so a cursor cannot be ours.
fn first_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("unknown cursor: this list comes in one page", None)),
    }
}
