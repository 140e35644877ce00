//! What `each.rs` is made of: every tool with its two types, for tests that have to visit all of them.

use serde::Serialize;

use super::domain::DomainView;

/// The view of `each.rs.j2`.
#[derive(Debug, Serialize)]
pub struct EachView {
    tools: Vec<ToolView>,
}

#[derive(Debug, Serialize)]
struct ToolView {
    tool: String,
    domain: String,
    request: String,
    data: Option<String>,
}

/// All tools of all domains, sorted.
pub fn view(domains: &[DomainView]) -> EachView {
    let tool = |domain: &DomainView, call: &super::domain::CallView| ToolView {
        tool: call.tool.clone(),
        domain: domain.name.clone(),
        request: call.request.clone(),
        data: (call.data != "NoData").then(|| call.data.clone()),
    };
    let mut tools: Vec<ToolView> =
        domains.iter().flat_map(|domain| domain.calls.iter().map(move |call| tool(domain, call))).collect();
    tools.sort_by(|a, b| a.tool.cmp(&b.tool));
    EachView { tools }
}
