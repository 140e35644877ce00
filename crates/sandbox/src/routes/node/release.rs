//! Releases of the node agent, read from GitHub each time: which ones there are, and the command that installs the
//! newest. The channel is read off the tag; GitHub's own mark of a pre-release is not looked at.

use serde_json::{Value, json};

use crate::http::decode::Kind;
use crate::http::{Answer, Bad, Ctx, Reply};
use crate::routes::forward::services::bracketed;
use crate::state::{GitHub, Release, State};

const API: &str = "https://api.github.com/repos/Sagit-chu/flvx/releases?per_page=50";
/// Where a release's files are fetched from: a third party's mirror of GitHub.
const DOWNLOADS: &str = "https://gcode.hostcentral.cc/https://github.com/Sagit-chu/flvx/releases/download";

/// Which releases a caller wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Stable,
    Dev,
}

impl Channel {
    /// `dev` in any case; every other text means stable.
    pub(super) fn asked(text: &str) -> Self {
        if text.trim().to_lowercase() == "dev" { Self::Dev } else { Self::Stable }
    }

    /// Stable is digits with dots between them and nothing else, a leading `v` included in nothing else.
    fn of_tag(tag: &str) -> Self {
        let parts: Vec<&str> = tag.trim().split('.').collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if parts.len() > 1 && parts.iter().all(digits) { Self::Stable } else { Self::Dev }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Dev => "dev",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Stable => "正式版",
            Self::Dev => "测试版",
        }
    }

    fn has(self, release: &Release) -> bool {
        !release.draft && !release.tag.trim().is_empty() && Self::of_tag(&release.tag) == self
    }
}

/// All releases as GitHub gives them, or the panel's text for why there are none.
fn fetch(state: &State) -> Result<&[Release], String> {
    match &state.internet.github {
        GitHub::Answers(releases) => Ok(releases),
        GitHub::Refuses { status, body } => {
            let shown = body.get(..512).unwrap_or(body);
            Err(format!("GitHub API返回 {status}: {shown}"))
        }
        GitHub::Unreachable => Err(format!(
            "请求GitHub API失败: Get \"{API}\": dial tcp: lookup api.github.com on 192.0.2.53:53: no such host"
        )),
    }
}

/// The newest tag of a channel, or the panel's refusal.
pub(super) fn newest(state: &State, channel: Channel) -> Result<String, Reply> {
    let found = fetch(state).and_then(|releases| {
        let newest = releases.iter().find(|release| channel.has(release));
        newest.map(|r| r.tag.trim().to_owned()).ok_or_else(|| format!("未找到{}版本号", channel.label()))
    });
    found.map_err(|text| Reply::err(-2, format!("获取最新{}失败: {text}", channel.label())))
}

/// The address of a file of a release.
pub(super) fn file_url(version: &str, file: &str) -> String {
    format!("{DOWNLOADS}/{version}/{file}")
}

pub(super) fn releases(ctx: &mut Ctx<'_>) -> Answer {
    let body = match ctx.strict(&[("channel", Kind::Text)]) {
        Ok(body) => body,
        Err(Bad::Empty) => Default::default(),
        Err(Bad::Malformed) => return Err(Reply::fail("请求参数错误")),
    };
    let channel = Channel::asked(body.text("channel"));
    let all = fetch(ctx.state).map_err(|text| Reply::err(-2, format!("获取版本列表失败: {text}")))?;
    let rows = all.iter().filter(|release| channel.has(release)).map(|release| {
        json!({
            "version": release.tag.trim(), "name": release.name, "publishedAt": release.published_at,
            "prerelease": channel == Channel::Dev, "channel": channel.name(),
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

/// A shell command for the node's machine; it holds the node's secret in clear.
pub(super) fn install(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.strict_or_refuse(&[("id", Kind::Int), ("channel", Kind::Text)])?;
    let id = body.int("id");
    if id <= 0 {
        return Err(Reply::fail("参数错误"));
    }
    let version = newest(ctx.state, Channel::asked(body.text("channel")))?;
    let Some(node) = ctx.state.nodes.nodes.get(id) else {
        return Err(Reply::fail("节点不存在"));
    };
    // never set is refused, blank is not
    let Some(panel) = ctx.state.configs.value("ip") else {
        return Err(Reply::fail("请先前往网站配置中设置ip"));
    };
    Ok(Reply::ok(Value::String(format!(
        "curl -L {script} -o ./install.sh && chmod +x ./install.sh && VERSION={version} ./install.sh -a {panel} -s {secret}",
        script = file_url(&version, "install.sh"),
        panel = bracketed(panel.trim()),
        secret = node.secret,
    ))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_with_dots_are_stable() {
        for tag in ["2.1.4", "2.1", " 2.1.4 "] {
            assert!(Channel::of_tag(tag) == Channel::Stable, "{tag}");
        }
        for tag in ["v2.1.4", "2.1.5-alpha6", "2", "2.1.", "2..1", "", "latest", "2.1.4rc1"] {
            assert!(Channel::of_tag(tag) == Channel::Dev, "{tag}");
        }
    }

    #[test]
    fn every_word_but_dev_asks_for_stable() {
        assert!(Channel::asked(" DEV ") == Channel::Dev);
        assert!(Channel::asked("beta") == Channel::Stable);
    }
}
