//! The address list of a share: reading and normalising it, finding out where a caller comes from, and comparing. Only
//! a caller on a loopback, private or link-local address is believed what its proxy headers say.

use std::net::IpAddr;

use crate::http::Request;

/// An entry of a list: one address (its own full length) or a network.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Network {
    base: IpAddr,
    bits: u32,
    is_cidr: bool,
}

impl Network {
    fn parse(entry: &str) -> Option<Self> {
        let Some((address, bits)) = entry.split_once('/') else {
            let base = literal(entry)?;
            return Some(Self { base, bits: width(base), is_cidr: false });
        };
        let address: IpAddr = address.parse().ok()?;
        let plain = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse().ok().filter(|bits| plain && *bits <= width(address))?;
        Some(Self { base: masked(address, bits), bits, is_cidr: true })
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && masked(address, self.bits) == self.base
    }

    fn text(&self) -> String {
        if self.is_cidr { format!("{}/{}", self.base, self.bits) } else { self.base.to_string() }
    }
}

const fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0)).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)).into()),
    }
}

/// An address, bare or with a port, in quotes or not; IPv4 in IPv6 form counts as IPv4.
fn literal(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = match text.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => split_host_port(text)?.0.trim().trim_matches(['[', ']']).parse().ok()?,
    };
    Some(address.to_canonical())
}

/// Splits `host:port` as Go does: IPv6 hosts must be bracketed. The host comes back without brackets.
pub(super) fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|host| !host.contains(['[', ']'])).map(|host| (host, port)),
        None => (!host.contains([':', '[', ']'])).then_some((host, port)),
    }
}

/// The list as the panel stores it: networks by their base address, repeats dropped.
///
/// # Errors
/// The panel's text for the first entry that is neither an address nor a network.
pub(super) fn normalised(list: &str) -> Result<String, String> {
    let mut entries: Vec<String> = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let network = Network::parse(entry).ok_or_else(|| format!("Invalid allowed IP or CIDR: {entry}"))?;
        let text = network.text();
        if !entries.contains(&text) {
            entries.push(text);
        }
    }
    Ok(entries.join(","))
}

/// Whether an address is on a list; entries that cannot be read match nothing.
pub(super) fn allows(list: &str, address: IpAddr) -> bool {
    list.split(',').filter_map(|entry| Network::parse(entry.trim())).any(|network| network.contains(address))
}

/// Where a request comes from.
pub(super) fn caller(request: &Request) -> IpAddr {
    let own = request.remote.to_canonical();
    if !is_proxy(own) {
        return own;
    }
    let forwarded = request.header("x-forwarded-for").split(',').find_map(literal);
    forwarded.or_else(|| literal(request.header("x-real-ip"))).unwrap_or(own)
}

const fn is_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_list_is_stored_with_base_addresses_and_without_repeats() {
        assert_eq!(normalised("127.0.0.1, 192.0.2.77/24,192.0.2.0/24,,").unwrap(), "127.0.0.1,192.0.2.0/24");
        assert_eq!(normalised("2001:DB8:B::5/48, ::ffff:192.0.2.1").unwrap(), "2001:db8:b::/48,192.0.2.1");
        assert_eq!(normalised("192.0.2.1,nonsense").unwrap_err(), "Invalid allowed IP or CIDR: nonsense");
        assert_eq!(normalised("192.0.2.1/33").unwrap_err(), "Invalid allowed IP or CIDR: 192.0.2.1/33");
    }

    #[test]
    fn networks_contain_their_addresses_and_nothing_of_the_other_family() {
        let list = "198.51.100.0/24,2001:db8:b::/48,0.0.0.0/0";
        assert!(allows(list, "198.51.100.7".parse().unwrap()));
        assert!(allows(list, "2001:db8:b::1".parse().unwrap()));
        assert!(!allows(list, "2001:db8:c::1".parse().unwrap()));
        assert!(!allows("198.51.100.0/24", "198.51.101.7".parse().unwrap()));
    }

    #[test]
    fn host_and_port_are_split_as_go_splits_them() {
        assert_eq!(split_host_port("[::]:25007"), Some(("::", "25007")));
        assert_eq!(split_host_port(":80"), Some(("", "80")));
        assert_eq!(split_host_port("::1:80"), None);
        assert_eq!(split_host_port("80"), None);
    }
}
