//! Socket addresses between the kernel's form and Rust's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::local;

/// Write an address in the form of the socket's family; returns its length.
pub(crate) fn write(address: SocketAddr, is_ipv6: bool, out: &mut libc::sockaddr_storage) -> libc::socklen_t {
    match (address.ip().to_canonical(), is_ipv6) {
        (IpAddr::V4(ip), false) => {
            let raw = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: address.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(ip.octets()),
                },
                sin_zero: [0; 8],
            };
            // SAFETY: sockaddr_storage is large enough and aligned for every address family.
            unsafe {
                (out as *mut libc::sockaddr_storage)
                    .cast::<libc::sockaddr_in>()
                    .write(raw)
            };
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        (ip, _) => {
            let ip = match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            let raw = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: address.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: ip.octets() },
                sin6_scope_id: match address {
                    SocketAddr::V6(v6) => local::scope_of(v6),
                    SocketAddr::V4(_) => 0,
                },
            };
            // SAFETY: as above.
            unsafe {
                (out as *mut libc::sockaddr_storage)
                    .cast::<libc::sockaddr_in6>()
                    .write(raw)
            };
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

/// Read an address that the kernel wrote; IPv4 inside IPv6 becomes IPv4 again.
pub(crate) fn read(raw: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let pointer: *const libc::sockaddr_storage = raw;
    match libc::c_int::from(raw.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is a sockaddr_in, and the storage is large enough for it.
            let v4 = unsafe { pointer.cast::<libc::sockaddr_in>().read() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::from((ip, u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that this is a sockaddr_in6, and the storage is large enough for it.
            let v6 = unsafe { pointer.cast::<libc::sockaddr_in6>().read() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::from((ip.to_canonical(), u16::from_be(v6.sin6_port))))
        }
        _ => None,
    }
}
