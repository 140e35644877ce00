//! Where HTTP listens: `host:port`, or `:port` in Go's form.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// A listening address as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddr {
    host: Option<IpAddr>,
    port: u16,
}

impl ListenAddr {
    /// The address to bind when every client must prove who it is: any. A bare `:port` stays on loopback; who wants the
    /// whole network says so.
    pub fn authenticated(&self) -> SocketAddr {
        SocketAddr::from((self.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), self.port))
    }

    /// The address to bind. A bare `:port` means loopback, because clients are not authenticated.
    ///
    /// # Errors
    /// An explicit address that other machines can reach.
    pub fn unauthenticated(&self) -> Result<SocketAddr, String> {
        match self.host {
            None => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))),
            Some(host) if host.is_loopback() => Ok(SocketAddr::from((host, self.port))),
            Some(host) => Err(format!(
                "MCP_HTTP_ADDR `{self}` can be reached from other machines ({host}), and clients are not authenticated: anyone who reaches it would run the panel. \
                 Use 127.0.0.1:{port} (or :{port}) and let clients come through an SSH tunnel or a proxy that authenticates them.",
                port = self.port
            )),
        }
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            None => write!(f, ":{}", self.port),
            Some(IpAddr::V6(host)) => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
        }
    }
}

impl FromStr for ListenAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no listening address; write :8088, 127.0.0.1:8088 or [::1]:8088");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let host = match host {
            "" => None,
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            host => Some(host.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| wrong())?),
        };
        Ok(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bound(text: &str) -> Result<String, String> {
        text.parse::<ListenAddr>()?.unauthenticated().map(|address| address.to_string())
    }

    #[test]
    fn a_bare_port_listens_on_loopback() {
        assert_eq!(bound(":8088").unwrap(), "127.0.0.1:8088");
        assert_eq!(bound("localhost:1").unwrap(), "127.0.0.1:1");
        assert_eq!(bound("[::1]:8088").unwrap(), "[::1]:8088");
    }

    #[test]
    fn an_address_that_others_can_reach_is_refused() {
        for address in ["0.0.0.0:8088", "[::]:8088", "192.0.2.1:8088"] {
            assert!(bound(address).unwrap_err().contains("not authenticated"), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_says_how_one_is_written() {
        for text in ["8088", "", ":", ":99999", "host name:1", "example.com:80"] {
            assert!(bound(text).unwrap_err().contains("no listening address"), "{text}");
        }
    }
}
