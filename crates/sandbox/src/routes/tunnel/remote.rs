//! The parts of a tunnel that other panels run for us: a port is reserved and a role applied there for every exit and
//! hop on one of their nodes, exits first and hops from the last, because a hop must be told the next one's port.

use super::deploy::{is_remote, node_name};
use super::layout::{Layout, Part};
use crate::peers::{self, ApplyRole, Release, Reservation, Reserve, Target};
use crate::routes::forward::path::dial_host;
use crate::state::{FederationBinding, State};

/// What was set up on other panels.
#[derive(Default)]
pub(super) struct Roles {
    bindings: Vec<FederationBinding>,
    releases: Vec<(Access, Release)>,
}

/// How to reach another panel.
#[derive(Clone)]
struct Access {
    url: String,
    token: String,
}

/// A part's place in the tunnel as the other panel is told.
#[derive(Clone, Copy)]
struct Place {
    chain_type: i64,
    hop: i64,
}

impl Roles {
    /// Whether no other panel took part.
    pub(super) fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// Stores the bindings in place of the tunnel's old ones.
    pub(super) fn store(&self, state: &mut State, tunnel_id: i64) {
        forget(state, tunnel_id);
        for binding in &self.bindings {
            state.federation.bindings.insert(binding.clone());
        }
    }

    /// Gives everything back, the last first; refusals are forgiven.
    pub(super) fn release(&self, state: &mut State) {
        for (access, release) in self.releases.iter().rev() {
            let _ = peers::release_role(state, &access.url, &access.token, release);
        }
    }
}

/// Sets up all remote parts and writes the ports chosen there into the layout.
///
/// # Errors
/// The panel's text for the first that fails; those before it were given back.
pub(super) fn set_up(state: &mut State, layout: &mut Layout) -> Result<Roles, String> {
    let mut roles = Roles::default();
    let outcome = set_up_all(state, layout, &mut roles);
    if let Err(text) = outcome {
        roles.release(state);
        return Err(text);
    }
    Ok(roles)
}

fn set_up_all(state: &mut State, layout: &mut Layout, roles: &mut Roles) -> Result<(), String> {
    if layout.kind != 2 {
        return Ok(());
    }
    let (tunnel_id, preference) = (layout.tunnel_id, layout.ip_preference.clone());
    let exit = Place { chain_type: 3, hop: 0 };
    for part in &mut layout.exits {
        if is_remote(state, part.node_id) {
            let mut setup = Setup::begin(state, tunnel_id, part, exit)?;
            setup.finish(state, part, "exit", Vec::new(), roles)?;
        }
    }
    // the parts that the present hop dials
    let mut next = layout.exits.clone();
    for (at, hop) in layout.hops.iter_mut().enumerate().rev() {
        let place = Place { chain_type: 2, hop: i64::try_from(at + 1).unwrap_or(i64::MAX) };
        for part in hop.iter_mut() {
            if is_remote(state, part.node_id) {
                let mut setup = Setup::begin(state, tunnel_id, part, place)?;
                let targets = targets(state, part.node_id, &next, &preference)?;
                setup.finish(state, part, "middle", targets, roles)?;
            }
        }
        next.clone_from(hop);
    }
    Ok(())
}

fn targets(state: &State, from: i64, next: &[Part], preference: &str) -> Result<Vec<Target>, String> {
    let missing = || "节点不存在".to_owned();
    let from = state.nodes.nodes.get(from).ok_or_else(missing)?;
    let mut targets = Vec::new();
    for part in next {
        let node = state.nodes.nodes.get(part.node_id).ok_or_else(missing)?;
        let host = dial_host(from, node, preference)?;
        if part.port <= 0 {
            return Err("节点端口不能为空".to_owned());
        }
        targets.push(Target { host, port: part.port, protocol: part.protocol.clone() });
    }
    Ok(targets)
}

/// One part between its reservation and its role.
struct Setup {
    access: Access,
    place: Place,
    tunnel_id: i64,
    resource_key: String,
    reserved: Reservation,
}

impl Setup {
    /// Reserves a port, the wished one if it can be had.
    fn begin(state: &mut State, tunnel_id: i64, part: &mut Part, place: Place) -> Result<Self, String> {
        let name = node_name(state, part.node_id);
        let access = access(state, part.node_id, "").ok_or_else(|| format!("远程节点 {name} 缺少共享配置"))?;
        let Place { chain_type, hop } = place;
        let resource_key = format!("tunnel:{tunnel_id}:node:{}:type:{chain_type}:hop:{hop}", part.node_id);
        let mut wish =
            Reserve { resource_key: resource_key.clone(), protocol: part.protocol.clone(), requested_port: part.port };
        let mut reserved = peers::reserve_port(state, &access.url, &access.token, &wish);
        if reserved.is_err() && wish.requested_port > 0 {
            wish.requested_port = 0;
            reserved = peers::reserve_port(state, &access.url, &access.token, &wish);
        }
        let reserved = reserved.map_err(|text| format!("远程节点 {name} 端口分配失败: {text}"))?;
        part.port = reserved.allocated_port;
        Ok(Self { access, place, tunnel_id, resource_key, reserved })
    }

    /// Applies the role and notes how to give it back.
    fn finish(
        &mut self,
        state: &mut State,
        part: &mut Part,
        role: &str,
        targets: Vec<Target>,
        roles: &mut Roles,
    ) -> Result<(), String> {
        let request = ApplyRole {
            reservation_id: self.reserved.reservation_id.clone(),
            resource_key: self.resource_key.clone(),
            role: role.to_owned(),
            protocol: part.protocol.clone(),
            strategy: part.strategy.clone(),
            targets,
        };
        let applied = peers::apply_role(state, &self.access.url, &self.access.token, &request);
        let name = node_name(state, part.node_id);
        let applied = applied.map_err(|text| format!("远程节点 {name} 运行时下发失败: {text}"))?;
        if applied.allocated_port > 0 {
            part.port = applied.allocated_port;
        }
        let now = state.now();
        let remote_binding_id = if applied.binding_id.trim().is_empty() {
            self.reserved.binding_id.clone()
        } else {
            applied.binding_id.clone()
        };
        roles.bindings.push(FederationBinding {
            id: 0,
            tunnel_id: self.tunnel_id,
            node_id: part.node_id,
            chain_type: self.place.chain_type,
            hop_inx: self.place.hop,
            remote_url: self.access.url.clone(),
            resource_key: self.resource_key.clone(),
            remote_binding_id,
            allocated_port: part.port,
            status: 1,
            created_time: now,
            updated_time: now,
        });
        let release = Release {
            binding_id: applied.binding_id,
            reservation_id: self.reserved.reservation_id.clone(),
            resource_key: self.resource_key.clone(),
        };
        roles.releases.push((self.access.clone(), release));
        Ok(())
    }
}

/// Where to reach the panel of a node; `None` when the node is gone or lacks the address or the token.
fn access(state: &State, node_id: i64, other_url: &str) -> Option<Access> {
    let node = state.nodes.nodes.get(node_id)?;
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let url = node.remote_url.as_deref().and_then(filled).or_else(|| filled(other_url))?;
    Some(Access { url, token: node.remote_token.as_deref().and_then(filled)? })
}

/// Gives back all live roles of a tunnel and forgets them, whatever the other panels say.
pub(super) fn take_down(state: &mut State, tunnel_id: i64) {
    let live = state.federation.bindings.iter().filter(|row| row.tunnel_id == tunnel_id && row.status == 1);
    let mut live: Vec<FederationBinding> = live.cloned().collect();
    if live.is_empty() {
        return;
    }
    live.sort_by_key(|row| (row.chain_type, row.hop_inx, row.id));
    for binding in live {
        let Some(access) = access(state, binding.node_id, &binding.remote_url) else { continue };
        let release = Release {
            binding_id: binding.remote_binding_id.trim().to_owned(),
            resource_key: binding.resource_key.trim().to_owned(),
            ..Release::default()
        };
        let _ = peers::release_role(state, &access.url, &access.token, &release);
    }
    forget(state, tunnel_id);
}

/// Deletes a tunnel's bindings without telling anybody.
pub(super) fn forget(state: &mut State, tunnel_id: i64) {
    state.federation.bindings.retain(|row| row.tunnel_id != tunnel_id);
}
