//! Every setting: what it is when nobody sets it, a good value, and each value that stops the start with its exact message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use flvx_mcp::config::{
    Config, ConfigError, Environment, LogFormat, PanelLogin, Spelling, Transport, VARIABLES, policy::PublicUrl,
};
use tracing::level_filters::LevelFilter;

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut environment = Environment::default();
    for (name, value) in settings {
        environment.set(name, *value);
    }
    Config::from_env(&environment)
}

fn good(settings: &[(&str, &str)]) -> Config {
    read(settings).unwrap_or_else(|error| panic!("{settings:?}: {error}"))
}

fn problems(settings: &[(&str, &str)]) -> Vec<String> {
    match read(settings) {
        Ok(config) => panic!("{settings:?} is taken: {config:?}"),
        Err(ConfigError(problems)) => problems,
    }
}

#[test]
fn with_nothing_set_everything_has_its_documented_default() {
    let config = good(&[]);
    assert_eq!(
        (config.server_name.as_str(), config.server_version.as_str()),
        ("flvx-panel-mcp", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(config.panel.base_url, "http://127.0.0.1:6365");
    assert!(matches!(config.panel.login, PanelLogin::None));
    assert!(config.panel.peer_token.is_none() && config.confirm_token.is_none());
    assert_eq!(config.transport, Transport::Stdio);
    assert_eq!(
        (config.http_addr.to_string(), config.http_addr.unauthenticated().unwrap().to_string()),
        (":8088".to_owned(), "127.0.0.1:8088".to_owned())
    );
    assert_eq!(config.health_path, "/healthz");
    assert!(config.allowed_hosts.is_empty() && config.allowed_origins.is_empty());
    assert!(config.audit_enabled);
    assert_eq!(config.idempotency_ttl, Duration::from_secs(3600));
    assert!(config.surface.toolsets.is_empty() && !config.surface.read_only);
    assert!(config.policy_file.is_none() && config.http_anonymous);
    assert_eq!(config.surface.spelling, Spelling::Underscored);
    assert_eq!((config.log_level, config.log_format), (LevelFilter::INFO, LogFormat::Text));
}

#[test]
fn the_plans_nine_variables_keep_their_names_and_defaults() {
    let plan = [
        ("MCP_SERVER_NAME", "flvx-panel-mcp"),
        ("MCP_SERVER_VERSION", env!("CARGO_PKG_VERSION")),
        ("PANEL_BASE_URL", "http://127.0.0.1:6365"),
        ("MCP_TRANSPORT", "stdio"),
        ("MCP_HTTP_ADDR", ":8088"),
        ("MCP_HEALTH_PATH", "/healthz"),
        ("MCP_CONFIRM_TOKEN", ""),
        ("MCP_AUDIT_ENABLED", "true"),
        ("MCP_IDEMPOTENCY_TTL_SECONDS", "3600"),
    ];
    for (name, default) in plan {
        assert_eq!(
            VARIABLES.iter().find(|variable| variable.name == name).map(|variable| variable.default),
            Some(default),
            "{name}"
        );
    }
}

#[test]
fn good_values_are_taken() {
    let config = good(&[
        ("MCP_SERVER_NAME", " edge-1 "),
        ("MCP_SERVER_VERSION", "9.9"),
        ("PANEL_BASE_URL", "https://panel.example/flvx/"),
        ("PANEL_TOKEN", "aa.bb.cc"),
        ("PANEL_PEER_TOKEN", "share-token"),
        ("MCP_TRANSPORT", "HTTP"),
        ("MCP_HTTP_ADDR", "localhost:9000"),
        ("MCP_HEALTH_PATH", "/up/now_2.txt"),
        ("MCP_ALLOWED_HOSTS", "gw.example, gw.example:8443,,"),
        ("MCP_ALLOWED_ORIGINS", "https://console.example,http://other.example:81"),
        ("MCP_CONFIRM_TOKEN", "twelve-chars"),
        ("MCP_AUDIT_ENABLED", "off"),
        ("MCP_IDEMPOTENCY_TTL_SECONDS", "2592000"),
        ("MCP_TOOL_NAMES", "dotted"),
        ("MCP_TOOLSETS", "node, forward,auth,ops"),
        ("MCP_READ_ONLY", "Yes"),
        ("MCP_LOG", "DEBUG"),
        ("MCP_LOG_FORMAT", "json"),
    ]);
    assert_eq!((config.server_name.as_str(), config.server_version.as_str()), ("edge-1", "9.9"));
    assert_eq!(config.panel.base_url, "https://panel.example/flvx/");
    assert!(matches!(&config.panel.login, PanelLogin::Token(token) if token.expose() == "aa.bb.cc"));
    assert_eq!(config.panel.peer_token.unwrap().expose(), "share-token");
    assert_eq!((config.transport, config.http_addr.to_string()), (Transport::Http, "127.0.0.1:9000".to_owned()));
    assert_eq!(config.health_path, "/up/now_2.txt");
    assert_eq!(config.allowed_hosts, ["gw.example", "gw.example:8443"]);
    assert_eq!(config.allowed_origins, ["https://console.example", "http://other.example:81"]);
    assert_eq!(config.confirm_token.unwrap().expose(), "twelve-chars");
    assert!(!config.audit_enabled);
    assert_eq!(config.idempotency_ttl, Duration::from_secs(30 * 24 * 3600));
    assert_eq!(config.surface.toolsets, ["node", "forward", "auth", "ops"]);
    assert!(config.surface.read_only);
    assert_eq!(config.surface.spelling, Spelling::Dotted);
    assert_eq!((config.log_level, config.log_format), (LevelFilter::DEBUG, LogFormat::Json));
}

#[test]
fn every_word_for_yes_and_no_is_known_in_any_case() {
    for (word, meant) in [
        ("true", true),
        ("TRUE", true),
        ("1", true),
        ("yes", true),
        ("on", true),
        ("false", false),
        ("False", false),
        ("0", false),
        ("no", false),
        ("OFF", false),
    ] {
        assert_eq!(good(&[("MCP_AUDIT_ENABLED", word)]).audit_enabled, meant, "{word}");
        assert_eq!(good(&[("MCP_READ_ONLY", word)]).surface.read_only, meant, "{word}");
    }
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let empty: Vec<(&str, &str)> = VARIABLES.iter().map(|variable| (variable.name, " ")).collect();
    let (config, default) = (good(&empty), good(&[]));
    assert_eq!(format!("{config:?}"), format!("{default:?}"));
}

/// One setting with an unusable value, and what is said to it.
const UNUSABLE: &[(&str, &str, &str)] = &[
    (
        "PANEL_BASE_URL",
        "panel.example",
        "PANEL_BASE_URL `panel.example` is no URL (relative URL without a base); give something like http://127.0.0.1:6365",
    ),
    ("PANEL_BASE_URL", "panel.example:6365", "PANEL_BASE_URL `panel.example:6365` must start with http:// or https://"),
    (
        "PANEL_BASE_URL",
        "ftp://panel.example",
        "PANEL_BASE_URL `ftp://panel.example` must start with http:// or https://",
    ),
    (
        "PANEL_BASE_URL",
        "http://",
        "PANEL_BASE_URL `http://` is no URL (empty host); give something like http://127.0.0.1:6365",
    ),
    (
        "PANEL_BASE_URL",
        "http://panel.example:99999",
        "PANEL_BASE_URL `http://panel.example:99999` is no URL (invalid port number); give something like http://127.0.0.1:6365",
    ),
    (
        "PANEL_BASE_URL",
        "https://admin:pw@panel.example",
        "PANEL_BASE_URL must not carry a user name or password; use PANEL_USERNAME and PANEL_PASSWORD",
    ),
    (
        "PANEL_BASE_URL",
        "http://panel.example/?a=1",
        "PANEL_BASE_URL `http://panel.example/?a=1` must not have a query or fragment",
    ),
    (
        "PANEL_BASE_URL",
        "http://panel.example/#top",
        "PANEL_BASE_URL `http://panel.example/#top` must not have a query or fragment",
    ),
    ("PANEL_TOKEN", "Bearer aa.bb.cc", "PANEL_TOKEN: give the token alone, without `Bearer `"),
    ("PANEL_TOKEN", "aa.bb cc", "PANEL_TOKEN: a token has no spaces, line breaks or other than ASCII characters"),
    ("PANEL_TOKEN", "aa.bb.cé", "PANEL_TOKEN: a token has no spaces, line breaks or other than ASCII characters"),
    ("PANEL_USERNAME", "admin", "PANEL_USERNAME is set without a password; set PANEL_PASSWORD or PANEL_PASSWORD_FILE"),
    ("PANEL_PASSWORD", "secret", "a panel password is set without PANEL_USERNAME"),
    ("MCP_TRANSPORT", "sse", "MCP_TRANSPORT: `sse` is not one of stdio, http"),
    (
        "MCP_HTTP_ADDR",
        "8088",
        "MCP_HTTP_ADDR: `8088` is no listening address; write :8088, 127.0.0.1:8088 or [::1]:8088",
    ),
    (
        "MCP_HTTP_ADDR",
        ":99999",
        "MCP_HTTP_ADDR: `:99999` is no listening address; write :8088, 127.0.0.1:8088 or [::1]:8088",
    ),
    (
        "MCP_HTTP_ADDR",
        "gw.example:80",
        "MCP_HTTP_ADDR: `gw.example:80` is no listening address; write :8088, 127.0.0.1:8088 or [::1]:8088",
    ),
    ("MCP_HEALTH_PATH", "healthz", "MCP_HEALTH_PATH: `healthz` is no path; write something like /healthz"),
    ("MCP_HEALTH_PATH", "/", "MCP_HEALTH_PATH: `/` is no path; write something like /healthz"),
    ("MCP_HEALTH_PATH", "/a?b", "MCP_HEALTH_PATH: `/a?b` is no path; write something like /healthz"),
    ("MCP_HEALTH_PATH", "/{id}", "MCP_HEALTH_PATH: `/{id}` is no path; write something like /healthz"),
    ("MCP_HEALTH_PATH", "/mcp", "MCP_HEALTH_PATH: `/mcp` is taken by the MCP endpoint"),
    ("MCP_HEALTH_PATH", "/mcp/health", "MCP_HEALTH_PATH: `/mcp/health` is taken by the MCP endpoint"),
    (
        "MCP_HEALTH_PATH",
        "/.well-known/oauth-protected-resource",
        "MCP_HEALTH_PATH: `/.well-known/oauth-protected-resource` lies under /.well-known/, where clients look for other things",
    ),
    (
        "MCP_ALLOWED_ORIGINS",
        "console.example",
        "MCP_ALLOWED_ORIGINS: `console.example` is no origin; write it with its scheme, like https://console.example",
    ),
    (
        "MCP_CONFIRM_TOKEN",
        "eleven-char",
        "MCP_CONFIRM_TOKEN: shorter than 12 characters can be guessed by trying; make it longer (openssl rand -hex 16)",
    ),
    ("MCP_HTTP_ANONYMOUS", "never", "MCP_HTTP_ANONYMOUS: `never` is not one of true, false, 1, 0, yes, no, on, off"),
    ("MCP_AUDIT_ENABLED", "maybe", "MCP_AUDIT_ENABLED: `maybe` is not one of true, false, 1, 0, yes, no, on, off"),
    (
        "MCP_AUDIT_RETENTION_DAYS",
        "90d",
        "MCP_AUDIT_RETENTION_DAYS: `90d` is not a whole number from 0 (keep all) to 36500",
    ),
    (
        "MCP_AUDIT_RETENTION_DAYS",
        "36501",
        "MCP_AUDIT_RETENTION_DAYS: `36501` is not a whole number from 0 (keep all) to 36500",
    ),
    ("MCP_IDEMPOTENCY_TTL_SECONDS", "0", "MCP_IDEMPOTENCY_TTL_SECONDS: `0` is not a whole number from 1 to 2592000"),
    (
        "MCP_IDEMPOTENCY_TTL_SECONDS",
        "2592001",
        "MCP_IDEMPOTENCY_TTL_SECONDS: `2592001` is not a whole number from 1 to 2592000",
    ),
    ("MCP_IDEMPOTENCY_TTL_SECONDS", "-5", "MCP_IDEMPOTENCY_TTL_SECONDS: `-5` is not a whole number from 1 to 2592000"),
    ("MCP_IDEMPOTENCY_TTL_SECONDS", "1h", "MCP_IDEMPOTENCY_TTL_SECONDS: `1h` is not a whole number from 1 to 2592000"),
    ("MCP_TOOL_NAMES", "camel", "MCP_TOOL_NAMES: `camel` is not one of underscored, dotted"),
    (
        "MCP_CONFIRM_POLICY",
        "critical=preview",
        "MCP_CONFIRM_POLICY: critical=preview would demand less than usual (human); demands can only be raised",
    ),
    ("MCP_CONFIRM_TTL_SECONDS", "5", "MCP_CONFIRM_TTL_SECONDS: `5` is not a whole number from 10 to 86400"),
    ("MCP_APPROVAL_TTL_SECONDS", "1h", "MCP_APPROVAL_TTL_SECONDS: `1h` is not a whole number from 60 to 604800"),
    ("MCP_HISTORY_DAYS", "-1", "MCP_HISTORY_DAYS: `-1` is not a whole number from 0 (for ever) to 3650"),
    ("MCP_PREVIEW_TOOLS", "all", "MCP_PREVIEW_TOOLS: `all` is not one of once, each"),
    ("MCP_TOOLSETS", "node,forwad", "MCP_TOOLSETS: there is no domain `forwad`; did you mean forward?"),
    ("MCP_READ_ONLY", "2", "MCP_READ_ONLY: `2` is not one of true, false, 1, 0, yes, no, on, off"),
    ("MCP_LOG", "verbose", "MCP_LOG: `verbose` is not one of off, error, warn, info, debug, trace"),
    ("MCP_LOG_FORMAT", "xml", "MCP_LOG_FORMAT: `xml` is not one of text, json"),
];

#[test]
fn every_unusable_value_stops_the_start_with_its_message() {
    for (name, value, message) in UNUSABLE {
        assert_eq!(problems(&[(name, value)]), [*message], "{name}={value}");
    }
}

#[test]
fn every_setting_that_can_be_wrong_is_tried_with_a_wrong_value() {
    // Free texts, and the files and folders that have tests of their own.
    let free = [
        "MCP_SERVER_NAME",
        "MCP_SERVER_VERSION",
        "MCP_ALLOWED_HOSTS",
        "MCP_AUDIT_JSONL",
        "PANEL_PEER_TOKEN",
        "PANEL_PASSWORD_FILE",
        "MCP_POLICY_FILE",
        "MCP_STATE_DIR",
    ];
    for variable in VARIABLES.iter().filter(|variable| !free.contains(&variable.name)) {
        assert!(UNUSABLE.iter().any(|(name, ..)| *name == variable.name), "{}", variable.name);
    }
}

#[test]
fn records_are_kept_for_ever_unless_the_operator_says_how_long() {
    assert_eq!(good(&[]).audit_retention, None);
    assert_eq!(good(&[("MCP_AUDIT_RETENTION_DAYS", "90")]).audit_retention, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!(good(&[("MCP_AUDIT_JSONL", "/var/log/a.jsonl")]).audit_jsonl, Some("/var/log/a.jsonl".into()));
    assert_eq!(
        problems(&[("MCP_AUDIT_JSONL", "a.jsonl"), ("MCP_AUDIT_ENABLED", "off")]),
        ["MCP_AUDIT_JSONL is set, but MCP_AUDIT_ENABLED=false: there would be nothing in it"]
    );
}

#[test]
fn a_far_domain_is_answered_with_all_that_are_known() {
    let [problem] = problems(&[("MCP_TOOLSETS", "everything")]).try_into().unwrap();
    assert!(
        problem.starts_with(
            "MCP_TOOLSETS: there is no domain `everything`; known are announcement, backup, captcha, config, "
        ),
        "{problem}"
    );
    assert!(problem.ends_with("user, auth, ops"), "{problem}");
}

#[test]
fn an_address_that_others_can_reach_is_refused_for_http_and_only_there() {
    assert!(read(&[("MCP_HTTP_ADDR", "0.0.0.0:8088")]).is_ok(), "stdio does not listen");
    for address in ["0.0.0.0:8088", "[::]:8088", "192.0.2.7:8088"] {
        let [problem] = problems(&[("MCP_TRANSPORT", "http"), ("MCP_HTTP_ADDR", address)]).try_into().unwrap();
        let host = address.trim_end_matches(":8088").trim_matches(['[', ']']);
        assert_eq!(
            problem,
            format!(
                "MCP_HTTP_ADDR `{address}` can be reached from other machines ({host}), and clients are not authenticated: anyone who reaches it would run the panel. \
                 Use 127.0.0.1:8088 (or :8088) and let clients come through an SSH tunnel or a proxy that authenticates them."
            )
        );
    }
}

#[test]
fn a_misspelt_name_stops_the_start_and_a_strangers_does_not() {
    for (wrong, right) in [
        ("MCP_TRANSPROT", "MCP_TRANSPORT"),
        ("MCP_CONFIRM_TOKENS", "MCP_CONFIRM_TOKEN"),
        ("MCP_READONLY", "MCP_READ_ONLY"),
        ("MCP_HTTP_ADDRESS", "MCP_HTTP_ADDR"),
        ("PANEL_URL", "PANEL_BASE_URL"),
        ("PANEL_USER", "PANEL_USERNAME"),
        ("PANEL_PASS", "PANEL_PASSWORD"),
        ("PANEL_BASEURL", "PANEL_BASE_URL"),
        ("PANEL_USER_NAME", "PANEL_USERNAME"),
        ("PANEL_PASSWORDFILE", "PANEL_PASSWORD_FILE"),
    ] {
        assert_eq!(
            problems(&[(wrong, "x")]),
            [format!("{wrong} is not known; did you mean {right}? (a misspelt setting would be without effect)")]
        );
    }
    good(&[
        ("MCP_PROTOCOL_NEGOTIATION", "auto"),
        ("PANEL_COLOUR", "red"),
        ("MCP_TIMEOUT", "30000"),
        ("HTTP_PROXY", "x"),
        ("MPC_TRANSPORT", "x"),
    ]);
}

#[test]
fn a_variable_that_the_policy_takes_a_secret_from_is_no_misspelling() {
    let misspelt = |wrong: &str, right: &str| {
        format!("{wrong} is not known; did you mean {right}? (a misspelt setting would be without effect)")
    };
    // What else is wrong with it is told when it is loaded.
    let policy = File::with(
        "policy",
        b"credentials:\n  a: { token_env: PANEL_TOKEN_RO }\n  b: { username: b, password_env: PANEL_PASSWORD_B }\nprincipal: {}\n",
    );
    let named = ("MCP_POLICY_FILE", policy.path());
    good(&[named, ("PANEL_TOKEN_RO", "x"), ("PANEL_PASSWORD_B", "x")]);
    assert_eq!(
        problems(&[named, ("PANEL_TOKEN_RO", "x"), ("PANEL_PASSWORD_C", "x")]),
        [misspelt("PANEL_PASSWORD_C", "PANEL_PASSWORD")]
    );
    assert_eq!(problems(&[("PANEL_TOKEN_RO", "x")]), [misspelt("PANEL_TOKEN_RO", "PANEL_TOKEN")]);
    let broken = File::with("broken-policy", b"credentials: [\n");
    for unknown in [broken.path(), "/no/such/policy.yaml"] {
        good(&[("MCP_POLICY_FILE", unknown), ("PANEL_TOKEN_RO", "x")]);
    }
}

#[test]
fn only_an_address_of_this_machine_counts_as_one() {
    for (url, loopback) in [
        ("http://localhost:8088/mcp", true),
        ("https://LOCALHOST/mcp", true),
        ("http://127.0.0.1:8088/mcp", true),
        ("http://127.9.9.9/mcp", true),
        ("http://[::1]:8088/mcp", true),
        ("https://flvx.example.com/mcp", false),
        ("http://127.evil.example/mcp", false),
        ("http://127.0.0.1.evil.example/mcp", false),
        ("http://localhost.evil.example/mcp", false),
        ("http://evil.example/localhost", false),
        ("http://192.0.2.1/mcp", false),
        ("http://[2001:db8::1]/mcp", false),
    ] {
        assert_eq!(PublicUrl::new(url).unwrap().is_loopback(), loopback, "{url}");
    }
}

#[test]
fn two_ways_to_log_in_are_one_too_many() {
    let both = "PANEL_TOKEN and PANEL_USERNAME/PANEL_PASSWORD are both set; keep one way to log in";
    assert_eq!(problems(&[("PANEL_TOKEN", "a.b.c"), ("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD", "pw")]), [both]);
    assert_eq!(problems(&[("PANEL_TOKEN", "a.b.c"), ("PANEL_USERNAME", "admin")]), [both]);
    assert_eq!(problems(&[("PANEL_TOKEN", "a.b.c"), ("PANEL_PASSWORD", "pw")]), [both]);
}

/// A file with this content that is gone when the value is.
struct File(std::path::PathBuf);

impl File {
    fn with(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("flvx-mcp-test-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let file = Self(path);
        file.set_mode(0o600);
        file
    }

    fn set_mode(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&self.0, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn password(config: &Config) -> &str {
    match &config.panel.login {
        PanelLogin::Account { password, .. } => password.expose(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_password_is_taken_as_it_is_but_for_a_line_break_at_its_end() {
    for (given, taken) in [(" spaced out ", " spaced out "), ("pw\n", "pw"), ("pw\r\n", "pw")] {
        assert_eq!(password(&good(&[("PANEL_USERNAME", " admin "), ("PANEL_PASSWORD", given)])), taken);
    }
}

#[test]
fn a_password_file_gives_its_first_line() {
    for (name, content, taken) in
        [("one", "pw in a file\n", "pw in a file"), ("two", "first\r\nsecond\n", "first"), ("bare", "pw", "pw")]
    {
        let file = File::with(name, content.as_bytes());
        assert_eq!(password(&good(&[("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD_FILE", file.path())])), taken);
    }
}

#[test]
fn a_password_file_that_gives_none_stops_the_start() {
    let empty = File::with("empty", b"\nsecond line\n");
    assert_eq!(
        problems(&[("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD_FILE", empty.path())]),
        [format!("PANEL_PASSWORD_FILE: the first line of {} is empty", empty.path())]
    );
    let missing = "/no/such/file";
    assert_eq!(
        problems(&[("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD_FILE", missing)]),
        [format!("PANEL_PASSWORD_FILE: {missing} cannot be read: No such file or directory (os error 2)")]
    );
    let binary = File::with("binary", b"\xff\xfe");
    assert_eq!(
        problems(&[("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD_FILE", binary.path())]),
        [format!("PANEL_PASSWORD_FILE: {} cannot be read: stream did not contain valid UTF-8", binary.path())]
    );
    let open = File::with("open", b"pw");
    open.set_mode(0o644);
    assert_eq!(
        problems(&[("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD_FILE", open.path())]),
        [format!(
            "PANEL_PASSWORD_FILE: {0} can be read by other users (mode 644), and it holds a secret; chmod 600 {0}",
            open.path()
        )]
    );
    let good_file = File::with("both", b"pw");
    let both = [("PANEL_USERNAME", "admin"), ("PANEL_PASSWORD", "pw"), ("PANEL_PASSWORD_FILE", good_file.path())];
    assert_eq!(problems(&both), ["PANEL_PASSWORD and PANEL_PASSWORD_FILE are both set; keep one"]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let error = read(&[
        ("MCP_LOG", "loud"),
        ("MCP_TRANSPORT", "pigeon"),
        ("MCP_TRANSPROT", "stdio"),
        ("PANEL_BASE_URL", "gopher://x"),
        ("PANEL_TOKEN", "a b"),
        ("MCP_CONFIRM_TOKEN", "short"),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration cannot be used:\n\
         \x20 - MCP_TRANSPROT is not known; did you mean MCP_TRANSPORT? (a misspelt setting would be without effect)\n\
         \x20 - PANEL_TOKEN: a token has no spaces, line breaks or other than ASCII characters\n\
         \x20 - PANEL_BASE_URL `gopher://x` must start with http:// or https://\n\
         \x20 - MCP_TRANSPORT: `pigeon` is not one of stdio, http\n\
         \x20 - MCP_CONFIRM_TOKEN: shorter than 12 characters can be guessed by trying; make it longer (openssl rand -hex 16)\n\
         \x20 - MCP_LOG: `loud` is not one of off, error, warn, info, debug, trace"
    );
}

#[test]
fn no_message_repeats_a_secret() {
    let secrets = [
        ("PANEL_TOKEN", "Bearer very-secret-1"),
        ("PANEL_PASSWORD", "very-secret-2"),
        ("PANEL_USERNAME", "admin"),
        ("MCP_CONFIRM_TOKEN", "secret-3"),
        ("PANEL_BASE_URL", "http://a:very-secret-4@b"),
    ];
    let error = read(&secrets).unwrap_err().to_string();
    assert!(!error.contains("secret-"), "{error}");
}
