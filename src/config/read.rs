//! From environment variables to a [`Config`], collecting every mistake before giving up.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use flvx_panel::{Secret, generated::DOMAINS};

use super::{
    Config, LogFormat, PanelConfig, PanelLogin, Spelling, Surface, Transport, VARIABLES,
    policy::{check_panel_token, secret_from_file, variables},
};
use crate::{nearest::nearest, policy::Demands};

/// Smallest length of the operator's word: shorter ones can be guessed by trying.
const SHORTEST_WORD: usize = 12;

/// Seconds of a day.
const DAY: u64 = 24 * 3_600;

/// Every value that cannot be used, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// Environment variables with the overrides of the command line.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, String>,
    not_text: Vec<String>,
}

/// Only the names: among the values are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys().filter(|name| self.get(name).is_some())).finish()
    }
}

impl Environment {
    /// The process's own.
    pub fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => {
                    environment.values.insert(name, value);
                }
                Err(_) => environment.not_text.push(name),
            }
        }
        environment
    }

    /// Sets a variable, as an option of the command line does.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.set(name, value);
        }
        environment
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> String {
        let default = || {
            VARIABLES.iter().find(|variable| variable.name == name).map_or("", |variable| variable.default).to_owned()
        };
        self.environment.get(name).map_or_else(default, |value| value.trim().to_owned())
    }

    /// A secret is taken as it is, spaces and all, except for a line break at its end.
    fn secret(&self, name: &str) -> Option<Secret> {
        self.environment.get(name).map(|value| Secret::new(value.trim_end_matches(['\r', '\n'])))
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.text(name).split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], fallback: T) -> T {
        let value = self.text(name);
        match choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value)) {
            Some((_, choice)) => *choice,
            None => {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                self.problems.push(format!("{name}: `{value}` is not one of {}", words.join(", ")));
                fallback
            }
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        let words = [
            ("true", true),
            ("false", false),
            ("1", true),
            ("0", false),
            ("yes", true),
            ("no", false),
            ("on", true),
            ("off", false),
        ];
        self.choice(name, &words, false)
    }

    /// A length of time in whole seconds.
    fn seconds(&mut self, name: &str, least: u64, most: u64) -> Duration {
        let value = self.text(name);
        match value.parse::<u64>() {
            Ok(seconds) if (least..=most).contains(&seconds) => Duration::from_secs(seconds),
            _ => {
                self.problems.push(format!("{name}: `{value}` is not a whole number from {least} to {most}"));
                Duration::from_secs(most)
            }
        }
    }

    fn parsed<T: FromStr<Err = String>>(&mut self, name: &str, fallback: T) -> T {
        self.text(name).parse().unwrap_or_else(|error| {
            self.problems.push(format!("{name}: {error}"));
            fallback
        })
    }
}

pub(super) fn config(environment: &Environment) -> Result<Config, ConfigError> {
    let mut reader = Reader { environment, problems: Vec::new() };
    for name in &environment.not_text {
        if VARIABLES.iter().any(|variable| variable.name == name) {
            reader.problems.push(format!("{name}: its value is not UTF-8 text"));
        }
    }
    misspellings(&mut reader);
    let config = Config {
        server_name: reader.text("MCP_SERVER_NAME"),
        server_version: reader.text("MCP_SERVER_VERSION"),
        panel: panel(&mut reader),
        transport: reader.choice(
            "MCP_TRANSPORT",
            &[("stdio", Transport::Stdio), ("http", Transport::Http)],
            Transport::Stdio,
        ),
        policy_file: reader.environment.get("MCP_POLICY_FILE").map(|path| path.trim().into()),
        http_anonymous: reader.flag("MCP_HTTP_ANONYMOUS"),
        environment: environment.clone(),
        http_addr: {
            let fallback = super::ListenAddr::from_str(":8088").map_err(|error| ConfigError(vec![error]))?;
            reader.parsed("MCP_HTTP_ADDR", fallback)
        },
        health_path: health_path(&mut reader),
        allowed_hosts: reader.list("MCP_ALLOWED_HOSTS"),
        allowed_origins: origins(&mut reader),
        confirm_token: confirm_token(&mut reader),
        demands: demands(&mut reader),
        confirm_ttl: reader.seconds("MCP_CONFIRM_TTL_SECONDS", 10, DAY),
        approval_ttl: reader.seconds("MCP_APPROVAL_TTL_SECONDS", 60, 7 * DAY),
        history: history(&mut reader),
        audit_enabled: reader.flag("MCP_AUDIT_ENABLED"),
        audit_jsonl: jsonl(&mut reader),
        audit_retention: retention(&mut reader),
        state: super::StatePlace::of(environment),
        idempotency_ttl: reader.seconds("MCP_IDEMPOTENCY_TTL_SECONDS", 1, 30 * DAY),
        surface: surface(&mut reader),
        log_level: log_level(&mut reader),
        log_format: reader.choice(
            "MCP_LOG_FORMAT",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            LogFormat::Text,
        ),
    };
    // With a policy it decides whether clients can prove who they are; then its loading looks at the address.
    if config.transport == Transport::Http
        && config.policy_file.is_none()
        && let Err(error) = config.http_addr.unauthenticated()
    {
        reader.problems.push(error);
    }
    if reader.problems.is_empty() { Ok(config) } else { Err(ConfigError(reader.problems)) }
}

/// Shorter names that people try first; they are too far from the right ones to be found as slips.
const SHORTER: &[(&str, &str)] =
    &[("PANEL_URL", "PANEL_BASE_URL"), ("PANEL_USER", "PANEL_USERNAME"), ("PANEL_PASS", "PANEL_PASSWORD")];

/// An unknown `MCP_*` or `PANEL_*` name that is almost one of ours was meant to be ours, unless the policy takes a secret from it.
fn misspellings(reader: &mut Reader<'_>) {
    let unknown = reader.environment.values.keys().filter(|name| {
        let ours = name.starts_with("MCP_") || name.starts_with("PANEL_");
        ours && VARIABLES.iter().all(|variable| variable.name != *name)
    });
    let mut almost: Vec<(&String, &str)> = unknown
        .filter_map(|name| {
            let shorter = SHORTER.iter().find(|(short, _)| short == name).map(|(_, right)| *right);
            Some((name, shorter.or_else(|| nearest(name, VARIABLES.iter().map(|variable| variable.name)))?))
        })
        .collect();
    if let Some(path) = reader.environment.get("MCP_POLICY_FILE").filter(|_| !almost.is_empty()) {
        match variables(Path::new(path.trim())) {
            Some(used) => almost.retain(|(name, _)| !used.contains(*name)),
            // Nobody knows what it takes. Its loading stops the start and says why.
            None => return,
        }
    }
    let words = |(name, right)| {
        format!("{name} is not known; did you mean {right}? (a misspelt setting would be without effect)")
    };
    reader.problems.extend(almost.into_iter().map(words));
}

fn panel(reader: &mut Reader<'_>) -> PanelConfig {
    let token = reader.secret("PANEL_TOKEN");
    let username = reader.environment.get("PANEL_USERNAME").map(|name| name.trim().to_owned());
    let password = reader.secret("PANEL_PASSWORD");
    let file = reader.environment.get("PANEL_PASSWORD_FILE").map(str::to_owned);
    let password = match (password, file) {
        (Some(_), Some(_)) => {
            reader.problems.push("PANEL_PASSWORD and PANEL_PASSWORD_FILE are both set; keep one".to_owned());
            None
        }
        (Some(password), None) => Some(password),
        (None, Some(path)) => match secret_from_file(Path::new(""), &path) {
            Ok(password) => Some(password),
            Err(words) => {
                reader.problems.push(format!("PANEL_PASSWORD_FILE: {words}"));
                None
            }
        },
        (None, None) => None,
    };
    let file_failed = reader.problems.iter().any(|problem| problem.starts_with("PANEL_PASSWORD"));
    let login = match (token, username, password) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            reader
                .problems
                .push("PANEL_TOKEN and PANEL_USERNAME/PANEL_PASSWORD are both set; keep one way to log in".to_owned());
            PanelLogin::None
        }
        (Some(token), None, None) => {
            if let Err(words) = check_panel_token(&token) {
                reader.problems.push(format!("PANEL_TOKEN: {words}"));
            }
            PanelLogin::Token(token)
        }
        (None, Some(username), Some(password)) => PanelLogin::Account { username, password },
        (None, Some(_), None) if file_failed => PanelLogin::None,
        (None, Some(_), None) => {
            reader
                .problems
                .push("PANEL_USERNAME is set without a password; set PANEL_PASSWORD or PANEL_PASSWORD_FILE".to_owned());
            PanelLogin::None
        }
        (None, None, Some(_)) => {
            reader.problems.push("a panel password is set without PANEL_USERNAME".to_owned());
            PanelLogin::None
        }
        (None, None, None) => PanelLogin::None,
    };
    let base_url = reader.text("PANEL_BASE_URL");
    if let Err(error) = flvx_panel::client::check_base_url(&base_url) {
        reader.problems.push(error);
    }
    PanelConfig { base_url, login, peer_token: reader.secret("PANEL_PEER_TOKEN") }
}

fn health_path(reader: &mut Reader<'_>) -> String {
    let path = reader.text("MCP_HEALTH_PATH");
    let fits = path.starts_with('/')
        && path.len() > 1
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    if !fits {
        reader.problems.push(format!("MCP_HEALTH_PATH: `{path}` is no path; write something like /healthz"));
    } else if path == "/mcp" || path.starts_with("/mcp/") {
        reader.problems.push(format!("MCP_HEALTH_PATH: `{path}` is taken by the MCP endpoint"));
    } else if path.starts_with("/.well-known/") {
        reader
            .problems
            .push(format!("MCP_HEALTH_PATH: `{path}` lies under /.well-known/, where clients look for other things"));
    }
    path
}

fn origins(reader: &mut Reader<'_>) -> Vec<String> {
    let list = reader.list("MCP_ALLOWED_ORIGINS");
    for origin in &list {
        if !origin.starts_with("http://") && !origin.starts_with("https://") {
            reader.problems.push(format!(
                "MCP_ALLOWED_ORIGINS: `{origin}` is no origin; write it with its scheme, like https://console.example"
            ));
        }
    }
    list
}

fn confirm_token(reader: &mut Reader<'_>) -> Option<Secret> {
    let word = reader.secret("MCP_CONFIRM_TOKEN")?;
    if word.expose().len() < SHORTEST_WORD {
        reader.problems.push(format!("MCP_CONFIRM_TOKEN: shorter than {SHORTEST_WORD} characters can be guessed by trying; make it longer (openssl rand -hex 16)"));
    }
    Some(word)
}

fn demands(reader: &mut Reader<'_>) -> Demands {
    Demands::read(&reader.text("MCP_CONFIRM_POLICY")).unwrap_or_else(|error| {
        reader.problems.push(format!("MCP_CONFIRM_POLICY: {error}"));
        Demands::default()
    })
}

fn history(reader: &mut Reader<'_>) -> Option<Duration> {
    const MOST: u64 = 3_650;
    let value = reader.text("MCP_HISTORY_DAYS");
    match value.parse::<u64>() {
        Ok(0) => None,
        Ok(days @ 1..=MOST) => Some(Duration::from_secs(days * DAY)),
        _ => {
            reader
                .problems
                .push(format!("MCP_HISTORY_DAYS: `{value}` is not a whole number from 0 (for ever) to {MOST}"));
            None
        }
    }
}

fn jsonl(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let path = reader.environment.get("MCP_AUDIT_JSONL")?.trim().to_owned();
    if !reader.flag("MCP_AUDIT_ENABLED") {
        reader
            .problems
            .push("MCP_AUDIT_JSONL is set, but MCP_AUDIT_ENABLED=false: there would be nothing in it".to_owned());
    }
    Some(PathBuf::from(path))
}

fn retention(reader: &mut Reader<'_>) -> Option<Duration> {
    const LONGEST: u64 = 36_500;
    let value = reader.text("MCP_AUDIT_RETENTION_DAYS");
    match value.parse::<u64>() {
        Ok(0) => None,
        Ok(days @ 1..=LONGEST) => Some(Duration::from_secs(days * 24 * 3600)),
        _ => {
            reader.problems.push(format!(
                "MCP_AUDIT_RETENTION_DAYS: `{value}` is not a whole number from 0 (keep all) to {LONGEST}"
            ));
            None
        }
    }
}

fn surface(reader: &mut Reader<'_>) -> Surface {
    let toolsets = reader.list("MCP_TOOLSETS");
    let known = || DOMAINS.iter().map(|domain| domain.name).chain(["auth", "ops"]);
    for name in &toolsets {
        if !known().any(|domain| domain == name) {
            let hint = nearest(name, known())
                .map(|right| format!("did you mean {right}?"))
                .unwrap_or_else(|| format!("known are {}", known().collect::<Vec<_>>().join(", ")));
            reader.problems.push(format!("MCP_TOOLSETS: there is no domain `{name}`; {hint}"));
        }
    }
    Surface {
        toolsets,
        read_only: reader.flag("MCP_READ_ONLY"),
        each_preview: reader.choice("MCP_PREVIEW_TOOLS", &[("once", false), ("each", true)], false),
        spelling: reader.choice(
            "MCP_TOOL_NAMES",
            &[("underscored", Spelling::Underscored), ("dotted", Spelling::Dotted)],
            Spelling::Underscored,
        ),
    }
}

fn log_level(reader: &mut Reader<'_>) -> tracing::level_filters::LevelFilter {
    use tracing::level_filters::LevelFilter as L;
    let words = [
        ("off", L::OFF),
        ("error", L::ERROR),
        ("warn", L::WARN),
        ("info", L::INFO),
        ("debug", L::DEBUG),
        ("trace", L::TRACE),
    ];
    reader.choice("MCP_LOG", &words, L::INFO)
}
