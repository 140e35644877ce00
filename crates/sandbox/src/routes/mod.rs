//! What each path does: one file per domain, each with its `ROUTES`, gathered here.

mod allow_list;
mod announcement;
mod backup;
mod captcha;
mod config;
mod federation_import;
mod federation_peer;
mod federation_share;
mod flow;
mod forward;
mod general;
mod group;
mod node;
mod open_api;
mod speed_limit;
mod tunnel;
mod tunnel_user;
mod user;

use crate::http::Route;
pub(crate) use forward::ports::ingress as forward_ingress;
pub(crate) use forward::services::{NotFound, Push, control_forward, sync_forward};
pub(crate) use speed_limit::put_limiter;
pub(crate) use tunnel::after_upgrade;

/// All routes of the panel.
pub(crate) const ALL: &[&[Route]] = &[
    announcement::ROUTES,
    backup::ROUTES,
    captcha::ROUTES,
    config::ROUTES,
    federation_import::ROUTES,
    federation_peer::ROUTES,
    federation_share::ROUTES,
    flow::ROUTES,
    forward::ROUTES,
    general::ROUTES,
    group::ROUTES,
    node::ROUTES,
    open_api::ROUTES,
    speed_limit::ROUTES,
    tunnel::ROUTES,
    tunnel_user::ROUTES,
    user::ROUTES,
];
