//! Backup: the export (a bare document, secrets and password hashes in clear), and the import, which merges by id and
//! hands back the state before. Restore is the import; the doubled paths are real, the panel's own front end uses them.

mod document;
mod export;
mod import;

use http::header::CONTENT_DISPOSITION;
use serde_json::{Map, Value};

use crate::http::router::post;
use crate::http::{Answer, Ctx, Kind, Reply, Route};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/backup/export", export),
    post("/api/v1/backup/import", import),
    post("/api/v1/backup/restore", import),
    post("/api/v1/api/v1/backup/export", export),
    post("/api/v1/api/v1/backup/import", import),
    post("/api/v1/api/v1/backup/restore", import),
];

/// The sections of a document, in their order.
const SECTIONS: [&str; 10] = [
    "users",
    "nodes",
    "tunnels",
    "forwards",
    "userTunnels",
    "speedLimits",
    "tunnelGroups",
    "userGroups",
    "permissions",
    "configs",
];

fn export(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("types", Kind::List(&Kind::Text))];
    let body = ctx.strict(FIELDS).map_err(|_| Reply::err(500, "请求参数错误"))?;
    let types: Vec<&str> = body.list("types").iter().filter_map(Value::as_str).collect();
    let document = export::document(ctx.state, |section| types.is_empty() || types.contains(&section));
    let reply = Reply::json("application/json", document);
    Ok(reply.with_header(CONTENT_DISPOSITION, "attachment; filename=backup.json"))
}

fn import(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.strict(document::FIELDS).map_err(|_| Reply::err(500, "请求参数错误"))?;
    let types: Vec<&str> = body.list("types").iter().filter_map(Value::as_str).collect();
    if types.is_empty() {
        return Err(Reply::err(500, "请选择要导入的数据类型"));
    }
    let before = export::document(ctx.state, |_| true);
    if body.text("version").is_empty() {
        return Err(Reply::err(500, "备份数据格式错误"));
    }
    let counts = import::import(ctx.state, &body, &types).map_err(|why| Reply::err(-2, format!("导入失败: {why}")))?;
    let mut result: Map<String, Value> =
        SECTIONS.iter().zip(counts).map(|(section, count)| (format!("{section}Imported"), count.into())).collect();
    result.insert("autoBackup".to_owned(), before);
    Ok(Reply::ok(Value::Object(result)))
}
