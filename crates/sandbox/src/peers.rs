//! How sandboxes reach one another: a network of base URLs to panels in this process, and the client a panel uses to
//! call the peer routes of another. An address nobody has is answered with the words of a failed connection.

mod client;
mod network;

pub use client::{
    ApplyRole, Probe, Release, RemoteNode, Reservation, Reserve, RuntimeCommand, Target, apply_role, command, connect,
    diagnose, local_domain, release_role, reserve_port,
};
pub use network::Peers;
