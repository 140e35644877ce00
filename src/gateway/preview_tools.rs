//! The preview beside each tool that changes something: `node.preview_delete` beside `node.delete`. Same request, reads only.

use std::sync::LazyLock;

use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Route},
};

/// The texts of one preview tool.
#[derive(Debug)]
pub struct PreviewTool {
    /// What it previews.
    pub route: &'static Route,
    /// Canonical name.
    pub name: String,
    /// The spelling on the wire.
    pub wire_name: String,
    /// Short title.
    pub title: String,
    /// 中文标题.
    pub title_zh: String,
    /// Text for the tool list.
    pub brief: String,
}

/// The preview of every tool that changes the panel, in the order of the routes.
pub static PREVIEWS: LazyLock<Vec<PreviewTool>> = LazyLock::new(|| {
    let changes = ROUTES.iter().filter(|route| route.danger >= Danger::Write);
    changes
        .map(|route| {
            let (prefix, action) = route.tool.split_once('.').unwrap_or(("", route.tool));
            PreviewTool {
                route,
                name: format!("{prefix}.preview_{action}"),
                wire_name: format!("{prefix}_preview_{action}"),
                title: format!("Preview: {}", route.title),
                title_zh: format!("预览：{}", route.title_zh),
                brief: format!("Shows what {} would do; changes nothing. Gives its confirm_token.", route.tool),
            }
        })
        .collect()
});
