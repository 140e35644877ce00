//! The policy file as it is written. `docs/policy.schema.json` is derived from these types; what the values mean together is
//! checked in `check.rs`.

use std::collections::BTreeMap;

use flvx_panel::spec::Danger;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::access::{AuditSight, Limits};

/// Who may do what through this gateway (flvx-mcp.yaml).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Panel accounts and tokens by name. `default` and `peer` come from the environment (PANEL_*) unless they stand here.
    #[serde(default)]
    pub credentials: BTreeMap<String, CredentialEntry>,
    /// Roles of your own, by name. `viewer`, `operator` and `admin` are built in.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleEntry>,
    /// Who may call, by name. `local` is stdio and the command line, `anonymous` HTTP on loopback without a token.
    #[serde(default)]
    pub principals: BTreeMap<String, PrincipalEntry>,
    /// How HTTP is served.
    #[serde(default)]
    pub http: HttpEntry,
    /// Tokens of an identity provider.
    pub jwt: Option<JwtEntry>,
}

/// How the gateway proves to the panel who it is: an account, a panel token, or the share token of another panel. Secrets stand
/// in a file that only this program's user can read, or in an environment variable; never here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialEntry {
    /// Account to log in with.
    pub username: Option<String>,
    /// File whose first line is the account's password.
    pub password_file: Option<String>,
    /// Environment variable that holds the account's password.
    pub password_env: Option<String>,
    /// File whose first line is a panel token (JWT).
    pub token_file: Option<String>,
    /// Environment variable that holds a panel token (JWT).
    pub token_env: Option<String>,
    /// File whose first line is a share token, for the routes between panels.
    pub peer_token_file: Option<String>,
    /// Environment variable that holds a share token, for the routes between panels.
    pub peer_token_env: Option<String>,
}

/// How dangerous a call may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DangerWord {
    /// Changes nothing, shows no secret.
    Read,
    /// Changes nothing, shows secrets (redacted unless revealed).
    Sensitive,
    /// A change that can be taken back.
    Write,
    /// Deletes, interrupts traffic, batches, permissions, passwords.
    Dangerous,
    /// Mass or irreversible.
    Critical,
}

impl DangerWord {
    /// The manifest's own level.
    pub fn danger(self) -> Danger {
        match self {
            Self::Read => Danger::Read,
            Self::Sensitive => Danger::Sensitive,
            Self::Write => Danger::Write,
            Self::Dangerous => Danger::Dangerous,
            Self::Critical => Danger::Critical,
        }
    }
}

/// Whose calls may be read in audit and history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditWord {
    /// Only its own.
    Own,
    /// Everybody's.
    All,
}

impl AuditWord {
    fn sight(self) -> AuditSight {
        match self {
            Self::Own => AuditSight::Own,
            Self::All => AuditSight::All,
        }
    }
}

/// Declares an entry that narrows the role it begins with, and what it says about that as [`Limits`]. serde cannot flatten one
/// struct into another and refuse unknown keys at the same time, so the common keys are written once here.
macro_rules! narrowing {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// Domains on offer; empty: all of the role that this begins with. `auth` and `ops` are always there.
            #[serde(default)]
            pub toolsets: Vec<String>,
            /// Only tools of danger `read`.
            pub read_only: Option<bool>,
            /// Highest danger of a call.
            pub danger: Option<DangerWord>,
            /// The only tools on offer (`node.list`); empty: all that the rest lets through.
            #[serde(default)]
            pub allow: Vec<String>,
            /// Tools that are not there.
            #[serde(default)]
            pub deny: Vec<String>,
            /// Credential that is used unless a call names another; `default` unless the role that this begins with has one.
            pub credential: Option<String>,
            /// Further credentials that a call may name.
            pub credentials: Option<Vec<String>>,
            /// Secret fields shown in clear, as `<tool>.data…`: `federation.share_list.data.token`.
            #[serde(default)]
            pub reveal: Vec<String>,
            /// Whose calls may be read in audit and history.
            pub audit: Option<AuditWord>,
        }

        impl $name {
            /// What the entry narrows.
            pub fn limits(&self) -> Limits {
                Limits {
                    toolsets: Some(self.toolsets.clone()),
                    read_only: self.read_only,
                    ceiling: self.danger.map(DangerWord::danger),
                    allow: Some(self.allow.clone()),
                    deny: self.deny.clone(),
                    credential: self.credential.clone(),
                    credentials: self.credentials.clone(),
                    reveal: self.reveal.clone(),
                    sight: self.audit.map(AuditWord::sight),
                }
            }
        }
    };
}

narrowing! {
    /// A role: what it extends, and what is taken away from that.
    RoleEntry {
        /// A built-in role (`viewer`, `operator`, `admin`) or another one of this file.
        pub extends: String,
    }
}

narrowing! {
    /// One who may call.
    PrincipalEntry {
        /// Name of its role.
        pub role: String,
        /// Bearer tokens, as `sha256:` and 64 hexadecimal digits (`flvx-mcp token new` makes them).
        #[serde(default)]
        pub tokens: Vec<String>,
        /// Subjects (`sub`) of the identity provider that are this principal.
        #[serde(default)]
        pub jwt: Vec<String>,
    }
}

/// How HTTP is served.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpEntry {
    /// Whether callers without a token are let in (on loopback only). Unless said: when a principal `anonymous` is defined.
    /// Without that principal they have the role `viewer`.
    pub anonymous: Option<bool>,
    /// The address that clients use, with its path: `https://flvx.example.com/mcp`. Its host may then stand in `Host`.
    pub public_url: Option<String>,
    /// Largest request in bytes; 4194304 unless said.
    #[schemars(range(min = 1024, max = 67_108_864))]
    pub max_body_bytes: Option<usize>,
    /// Most calls at the same time; more get 503. 256 unless said.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrent: Option<usize>,
    /// Most calls of one principal at the same time; more get 429. Half of `max_concurrent` unless said, so that nobody shuts
    /// the others out.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrent_per_principal: Option<usize>,
    /// Seconds in which a request's headers must have come; 30 unless said. An idle connection is closed after the same time.
    #[schemars(range(min = 1, max = 600))]
    pub header_timeout_seconds: Option<u64>,
    /// Seconds in which a request's body must have come; 30 unless said.
    #[schemars(range(min = 1, max = 600))]
    pub body_timeout_seconds: Option<u64>,
}

/// Signature algorithms of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum AlgorithmWord {
    /// RSA, PKCS #1 v1.5, SHA-256.
    RS256,
    /// RSA, PSS, SHA-256.
    PS256,
    /// ECDSA over P-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// Tokens of an identity provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtEntry {
    /// What `iss` must be, exactly.
    pub issuer: String,
    /// What `aud` must hold; `http.public_url` unless said.
    pub audience: Option<String>,
    /// Where the provider's keys are: https, or http on loopback.
    pub jwks_url: Option<String>,
    /// File with the provider's keys, in place of the address.
    pub jwks_file: Option<String>,
    /// Algorithms that are accepted; RS256 and ES256 unless said.
    #[serde(default)]
    pub algorithms: Vec<AlgorithmWord>,
    /// By how many seconds clocks may differ; 30 unless said.
    #[schemars(range(max = 300))]
    pub leeway_seconds: Option<u64>,
    /// Scopes that every token must have.
    #[serde(default)]
    pub required_scopes: Vec<String>,
    /// What claims give; the first that fits counts, so the largest role stands first.
    #[serde(default)]
    pub roles: Vec<ClaimEntry>,
}

/// A claim and the role that it gives.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimEntry {
    /// Name of the claim.
    pub claim: ClaimWord,
    /// The value that it must hold (one of its words, or one of its items).
    pub value: String,
    /// The role that it gives.
    pub role: String,
    /// Credential that is used unless a call names another.
    pub credential: Option<String>,
}

/// Claims that can give a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimWord {
    /// Words separated by blanks (RFC 8693), or a list.
    Scope,
    /// The same as some providers call it.
    Scp,
    /// A list of groups.
    Groups,
    /// A list of roles.
    Roles,
}

impl ClaimWord {
    /// The claim's name in a token.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Scp => "scp",
            Self::Groups => "groups",
            Self::Roles => "roles",
        }
    }
}

/// The JSON Schema of the file, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(PolicyFile);
    schema.insert("title".to_owned(), "flvx-mcp policy".into());
    let mut value = schema.to_value();
    without_null(&mut value);
    value
}

/// An optional key is left out, not null: the same strictness as the program's.
fn without_null(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(kinds)) = map.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = kinds.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = map.get("anyOf") {
                let rest: Vec<Value> =
                    choices.iter().filter(|choice| choice.get("type") != Some(&"null".into())).cloned().collect();
                if let [Value::Object(only)] = rest.as_slice() {
                    let only = only.clone();
                    map.remove("anyOf");
                    map.extend(only);
                }
            }
            if map.get("default") == Some(&Value::Null) {
                map.remove("default");
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
