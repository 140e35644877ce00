//! The paths outside the API: liveness and the error page.

use crate::http::router::any;
use crate::http::{Answer, Ctx, Reply, Route};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[any("/flow/test", test), any("/error", error_page)];

fn test(_: &mut Ctx<'_>) -> Answer {
    Ok(Reply::text(200, "text/plain; charset=utf-8", "test"))
}

fn error_page(_: &mut Ctx<'_>) -> Answer {
    let page = "<!DOCTYPE html><html lang='zh-CN'><head><meta charset='UTF-8'><title>错误 404</title></head>\
                <body><h1>404</h1><p>你推开了后端的大门，却发现里面只有寂寞。</p></body></html>";
    Ok(Reply::text(404, "text/html; charset=UTF-8", page))
}
