//! How a stream looks to a caller that knows addresses only: the peer's, with the stream's number in the flow label.
//!
//! UDP addresses never have a flow label here, so that the two cannot be mistaken for one another, nor a stream for
//! one that was opened in its place later.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// The address of the stream with this index.
pub(crate) fn of_stream(peer: SocketAddr, index: usize, generation: u16) -> SocketAddr {
    let ip = match peer.ip() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let label = u32::from(generation) << 16 | (index as u32 + 1) & 0xffff;
    SocketAddr::V6(SocketAddrV6::new(ip, peer.port(), label, 0))
}

/// Whether an address is a stream's.
#[must_use]
pub fn is_stream(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(v6) if v6.flowinfo() != 0)
}

pub(crate) fn index_of(address: SocketAddr) -> Option<usize> {
    match address {
        SocketAddr::V6(v6) => (v6.flowinfo() as usize & 0xffff).checked_sub(1),
        SocketAddr::V4(_) => None,
    }
}
