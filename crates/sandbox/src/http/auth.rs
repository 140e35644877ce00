//! The panel's login tokens (JWT with HMAC-SHA256, alg name and all) and its rules of who may call which path. The
//! token alone is trusted: the account is never looked up.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::reply::Reply;
use super::request::Request;

/// How long a token is good.
pub const LIFETIME_SECONDS: i64 = 90 * 24 * 3600;

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id as text.
    #[serde(default)]
    pub sub: String,
    /// Issued at, seconds.
    #[serde(default)]
    pub iat: i64,
    /// Expires at, seconds.
    #[serde(default)]
    pub exp: i64,
    /// Account name.
    #[serde(default)]
    pub user: String,
    /// Account name again.
    #[serde(default)]
    pub name: String,
    /// 0 administrator, 1 user.
    #[serde(default)]
    pub role_id: i64,
}

impl Claims {
    /// The user's id; `None` unless it is a number above 0.
    pub fn user_id(&self) -> Option<i64> {
        self.sub.parse().ok().filter(|id| *id > 0)
    }
}

/// Makes a token for an account at a time given in ms.
pub fn token(user_id: i64, user: &str, role_id: i64, secret: &str, now_ms: i64) -> String {
    let now = now_ms / 1000;
    let claims = Claims {
        sub: user_id.to_string(),
        iat: now,
        exp: now + LIFETIME_SECONDS,
        user: user.to_owned(),
        name: user.to_owned(),
        role_id,
    };
    let payload = serde_json::to_string(&claims).unwrap_or_default();
    let content = format!("{}.{}", base64(br#"{"alg":"HmacSHA256","typ":"JWT"}"#), base64(payload.as_bytes()));
    let signature = base64(&hmac(secret.as_bytes(), content.as_bytes()));
    format!("{content}.{signature}")
}

/// The claims of a token that is well formed, rightly signed and not expired.
pub fn verify(token: &str, secret: &str, now_ms: i64) -> Option<Claims> {
    let (content, signature) = token.rsplit_once('.')?;
    let (header, payload) = content.split_once('.')?;
    if header.contains('.') || payload.contains('.') {
        return None;
    }
    if base64(&hmac(secret.as_bytes(), content.as_bytes())) != signature {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&unbase64(payload)?).ok()?;
    (claims.exp > now_ms / 1000).then_some(claims)
}

/// Decides whether a request may go on: its claims, `None` where no token is looked at, or the refusal.
pub fn admit(request: &Request, secret: &str, now_ms: i64) -> Result<Option<Claims>, Reply> {
    let path = request.path.as_str();
    if is_public(path) || !path.starts_with("/api/") {
        return Ok(None);
    }
    let token = request.header("authorization").trim();
    if token.is_empty() {
        return Err(Reply::err(401, "未登录或token已过期"));
    }
    let claims = verify(token, secret, now_ms).ok_or_else(|| Reply::err(401, "无效的token或token已过期"))?;
    if is_for_admins(path) && claims.role_id != 0 {
        return Err(Reply::err(403, "权限不足，仅管理员可操作"));
    }
    Ok(Some(claims))
}

/// Paths where no token is looked at. The peer routes among them look at the share's token themselves.
fn is_public(path: &str) -> bool {
    ["/flow/", "/api/v1/open_api/", "/api/v1/captcha/"].iter().any(|prefix| path.starts_with(prefix))
        || matches!(
            path,
            "/api/v1/config/get"
                | "/api/v1/user/login"
                | "/api/v1/federation/connect"
                | "/api/v1/federation/tunnel/create"
                | "/api/v1/federation/runtime/reserve-port"
                | "/api/v1/federation/runtime/apply-role"
                | "/api/v1/federation/runtime/release-role"
                | "/api/v1/federation/runtime/diagnose"
                | "/api/v1/federation/runtime/command"
        )
}

/// Paths for role 0 alone.
fn is_for_admins(path: &str) -> bool {
    const PREFIXES: [&str; 6] = ["group/", "federation/share/", "node/", "speed-limit/", "backup/", "api/v1/backup/"];
    let Some(rest) = path.strip_prefix("/api/v1/") else {
        return false;
    };
    if rest.starts_with("tunnel/") {
        return !rest.starts_with("tunnel/user/tunnel");
    }
    PREFIXES.iter().any(|prefix| rest.starts_with(prefix))
        || matches!(
            rest,
            "user/create"
                | "user/list"
                | "user/update"
                | "user/delete"
                | "user/reset"
                | "config/update"
                | "config/update-single"
                | "announcement/update"
        )
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = Sha256::digest(key);
        hashed.as_slice()
    } else {
        key
    };
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 for URLs, without padding.
fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |acc, b| (acc << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            out.extend(ALPHABET.get(index as usize).map(|b| char::from(*b)));
        }
    }
    out
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|b| *b == byte)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    (text.len() % 4 != 1).then_some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;

    const ISSUED: i64 = 1_767_225_600_000;
    const CONTENT: &str = "eyJhbGciOiJIbWFjU0hBMjU2IiwidHlwIjoiSldUIn0.eyJzdWIiOiIzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NzUwMDE2MDAs\
                           InVzZXIiOiJhbGljZSIsIm5hbWUiOiJhbGljZSIsInJvbGVfaWQiOjF9";

    #[test]
    fn tokens_have_the_panels_bytes_for_short_and_long_keys() {
        for (key, signature) in [
            ("k".to_owned(), "e4zvVgxpOJEb4PxOi5QZ6sQmyb0wG_ygyVjcjg_aY5Y"),
            ("x".repeat(100), "fA4IUuKDrGVm9JU2K_05z1hcUTWTPaAbwIvukYpX7y8"),
        ] {
            assert_eq!(token(3, "alice", 1, &key, ISSUED), format!("{CONTENT}.{signature}"));
        }
    }

    #[test]
    fn only_a_whole_rightly_signed_token_is_taken() {
        let good = token(3, "alice", 1, "k", ISSUED);
        assert_eq!(verify(&good, "k", ISSUED).unwrap().user_id(), Some(3));
        let padded = format!("{good}=");
        for bad in [padded.as_str(), "", "a.b", "a.b.c.d", &good[1..], &good[..good.len() - 1]] {
            assert!(verify(bad, "k", ISSUED).is_none(), "{bad}");
        }
        assert!(verify(&good, "other", ISSUED).is_none());
    }

    #[test]
    fn base64_goes_there_and_back_at_every_length() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for length in 0..bytes.len() {
            assert_eq!(unbase64(&base64(&bytes[..length])).unwrap(), &bytes[..length]);
        }
    }
}
