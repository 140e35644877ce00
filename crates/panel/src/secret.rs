//! A text that must not be printed: passwords, tokens, node secrets.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// A secret text. It travels to the panel as it is; `Debug` prints `[redacted]` and there is no `Display`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// Parts of names that mark a value as secret, without separators and in lower case.
const MARKS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "privatekey",
    "apikey",
    "accesskey",
    "licensekey",
    "signingkey",
    "encryptionkey",
    "credential",
    "authorization",
    "bearer",
    "cookie",
    "密码",
    "密钥",
    "口令",
    "令牌",
];

/// Whether a name sounds like that of a secret, whatever its capitals and separators: `API-Key`, `db_password`, `jwtSecret`. For
/// settings and free keys, which no table can list.
pub fn looks_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    MARKS.iter().any(|mark| plain.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_whatever_their_capitals_and_separators() {
        for name in [
            "cloudflare_secret_key",
            "API-Key",
            "apiKey",
            "db.PassWord",
            "smtp_pwd",
            "private key",
            "jwtSecret",
            "bot_token",
            "邮箱密码",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["cloudflare_site_key", "app_name", "ip", "captcha_type", "key", "pass_count", "author"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
