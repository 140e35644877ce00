//! The table of environment variables: what `--help`, `check`, the documentation and the search for misspellings use.

/// One environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Value when it is not set; empty: none.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether its value must not be shown.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str, help: &'static str) -> Variable {
    Variable { name, default, help, secret: false }
}

const fn secret(name: &'static str, help: &'static str) -> Variable {
    Variable { name, default: "", help, secret: true }
}

/// Every variable that the program reads.
pub const VARIABLES: &[Variable] = &[
    plain("PANEL_BASE_URL", "http://127.0.0.1:6365", "Where the panel's backend is"),
    secret("PANEL_TOKEN", "Panel token (JWT) to call with, instead of a login"),
    plain("PANEL_USERNAME", "", "Account to log in with, when it is needed"),
    secret("PANEL_PASSWORD", "Its password"),
    plain("PANEL_PASSWORD_FILE", "", "File that holds the password (its first line)"),
    secret("PANEL_PEER_TOKEN", "Share token for the routes between panels (federation.connect, federation.runtime_*)"),
    plain("MCP_TRANSPORT", "stdio", "stdio or http"),
    plain(
        "MCP_HTTP_ADDR",
        ":8088",
        "Where http listens; :PORT means loopback as long as clients are not authenticated",
    ),
    plain(
        "MCP_POLICY_FILE",
        "",
        "File that says who may do what (flvx-mcp.yaml); without one there is one principal with all rights",
    ),
    plain("MCP_HTTP_ANONYMOUS", "true", "false: nobody comes in over http without a token, not even on loopback"),
    plain("MCP_HEALTH_PATH", "/healthz", "Path of the health answer over http"),
    plain("MCP_ALLOWED_HOSTS", "", "Further Host names that http requests may carry, comma separated (behind a proxy)"),
    plain(
        "MCP_ALLOWED_ORIGINS",
        "",
        "Further browser origins that may call, comma separated (https://console.example)",
    ),
    plain("MCP_SERVER_NAME", "flvx-panel-mcp", "Name told to clients"),
    plain("MCP_SERVER_VERSION", env!("CARGO_PKG_VERSION"), "Version told to clients"),
    secret("MCP_CONFIRM_TOKEN", "The operator's word for dangerous and critical calls; without it they are off"),
    plain(
        "MCP_CONFIRM_POLICY",
        "",
        "Raises what calls must show: write=, dangerous=, critical= with preview, human, word or off, comma separated; usual: dangerous=preview,critical=human",
    ),
    plain("MCP_CONFIRM_TTL_SECONDS", "300", "How long the confirm_token of a preview can be used"),
    plain("MCP_APPROVAL_TTL_SECONDS", "3600", "How long a call may wait for a person's approval"),
    plain("MCP_HISTORY_DAYS", "90", "How long changes are remembered for history and undo; 0: for ever"),
    plain("MCP_AUDIT_ENABLED", "true", "Whether every call is recorded, in the state and on standard error"),
    plain("MCP_AUDIT_JSONL", "", "File that gets every record as a line too (opened anew on SIGHUP)"),
    plain("MCP_AUDIT_RETENTION_DAYS", "0", "Days after which records are pruned; 0: never"),
    plain(
        "MCP_STATE_DIR",
        "",
        "Folder of the durable state (ledger, confirmations, audit, saved states); empty: flvx-mcp below XDG_STATE_HOME or ~/.local/state; `temporary`: one that vanishes at the end",
    ),
    plain("MCP_IDEMPOTENCY_TTL_SECONDS", "3600", "How long an idempotency_key is remembered"),
    plain(
        "MCP_TOOL_NAMES",
        "underscored",
        "underscored (node_list) or dotted (node.list): how names are listed; calls may use either",
    ),
    plain(
        "MCP_PREVIEW_TOOLS",
        "once",
        "once (ops.preview alone is listed) or each (the preview of every gated tool is); all can be called either way",
    ),
    plain("MCP_TOOLSETS", "", "Domains to offer, comma separated; empty: all"),
    plain("MCP_READ_ONLY", "false", "Offer only tools that change nothing and show no secret"),
    plain("MCP_LOG", "info", "off, error, warn, info, debug or trace"),
    plain("MCP_LOG_FORMAT", "text", "text or json"),
];
