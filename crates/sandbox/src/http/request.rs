//! A request as handlers see it, the context they work in, and the finished response.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::auth::Claims;
use super::decode::{Bad, Kind, Loose, Strict};
use super::reply::Reply;
use crate::state::State;

/// A request, with its whole body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The path, percent-decoded, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The address it came from; loopback for calls in process.
    pub remote: IpAddr,
}

impl Request {
    /// The first value of a query parameter, decoded; empty when it is missing.
    pub fn query_value(&self, name: &str) -> String {
        self.query
            .split('&')
            .filter(|pair| !pair.contains(';'))
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .filter_map(|(k, v)| Some((unescape(k, true)?, unescape(v, true)?)))
            .find(|(k, _)| k == name)
            .map(|(_, v)| v)
            .unwrap_or_default()
    }

    /// A header's value; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| std::str::from_utf8(v.as_bytes()).ok()).unwrap_or_default()
    }
}

/// Undoes percent encoding (and `+` for a blank in queries). `None` when an escape is malformed.
pub fn unescape(text: &str, plus_is_blank: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus_is_blank => b' ',
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// What a handler works with: the locked state, the request, and who sent it.
#[derive(Debug)]
pub struct Ctx<'a> {
    /// The panel's state.
    pub state: &'a mut State,
    /// The request.
    pub request: &'a Request,
    /// The token's claims; `None` on public routes, where no token is looked at.
    pub claims: Option<Claims>,
}

impl Ctx<'_> {
    /// The body as a loose map (`map[string]interface{}` of the panel).
    pub fn loose(&self) -> Result<Loose, Bad> {
        Loose::decode(&self.request.body)
    }

    /// The body as a loose map, or the refusal `请求参数错误` (-1).
    pub fn loose_or_refuse(&self) -> Result<Loose, Reply> {
        self.loose().map_err(|_| Reply::fail("请求参数错误"))
    }

    /// The body as a typed struct: unknown keys and wrong types are errors.
    pub fn strict(&self, fields: &'static [(&'static str, Kind)]) -> Result<Strict, Bad> {
        Strict::decode(&self.request.body, fields)
    }

    /// The body as a typed struct, or the refusal `请求参数错误` (-1).
    pub fn strict_or_refuse(&self, fields: &'static [(&'static str, Kind)]) -> Result<Strict, Reply> {
        self.strict(fields).map_err(|_| Reply::fail("请求参数错误"))
    }

    /// `id` of the body, as the panel's helper reads it: `请求参数错误` for a bad body, `参数错误` unless above 0.
    pub fn id(&self) -> Result<i64, Reply> {
        match self.loose_or_refuse()?.int("id", 0) {
            id if id > 0 => Ok(id),
            _ => Err(Reply::fail("参数错误")),
        }
    }

    /// `ids` of the body, as the panel's helper reads them: ascending, those not above 0 dropped, repeats kept;
    /// `ids不能为空` when the list is missing or empty.
    pub fn ids(&self) -> Result<Vec<i64>, Reply> {
        let body = self.loose_or_refuse()?;
        if body.list("ids").is_empty() {
            return Err(Reply::fail("ids不能为空"));
        }
        let mut ids = body.int_list("ids");
        ids.sort_unstable();
        Ok(ids)
    }

    /// Refuses every verb but POST with `请求失败`, for handlers that check it late.
    pub fn require_post(&self) -> Result<(), Reply> {
        if self.request.method == Method::POST { Ok(()) } else { Err(Reply::wrong_method()) }
    }

    /// The user id and role of the token, or the panel's 401.
    pub fn user(&self) -> Result<(i64, i64), Reply> {
        self.claims
            .as_ref()
            .and_then(|c| Some((c.user_id()?, c.role_id)))
            .ok_or_else(|| Reply::err(401, "无效的token或token已过期"))
    }
}

/// A finished response.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, `content-type` among them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The connection is closed without a byte of this response: the work was done, the answer is lost.
    pub cut: bool,
}
