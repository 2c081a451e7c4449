//! Which of the host's own addresses a datagram came to, so that the answer leaves from there.
//!
//! A socket of all addresses would otherwise answer from whichever the route prefers, and a client that asked
//! another one takes no answer from it (RFC 8445 section 7.2.5.2.1: the addresses of a check and its answer mirror
//! each other). To a caller that knows addresses only, the sender carries the number of the local address in the upper byte
//! of its scope id: the same sender at two local addresses is two paths. Interfaces are numbered far below that byte.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

const NUMBER_SHIFT: u32 = 24;
const SCOPE_MASK: u32 = (1 << NUMBER_SHIFT) - 1;
/// What fits into the byte. A host with more is answered from where the route prefers.
const MOST: usize = 255;
/// Room for one control message of either family.
pub(crate) const CONTROL_SPACE: usize = 40;

/// The host's addresses that something came to, by number, counted from one.
#[derive(Debug, Default)]
pub(crate) struct LocalAddresses {
    known: RefCell<Vec<IpAddr>>,
}

impl LocalAddresses {
    /// The sender as seen at this local address.
    pub fn mark(&self, source: SocketAddr, local: IpAddr) -> SocketAddr {
        let mut known = self.known.borrow_mut();
        let number = known.iter().position(|one| *one == local).or_else(|| {
            (known.len() < MOST).then(|| {
                known.push(local);
                known.len() - 1
            })
        });
        let Some(number) = number else { return source };
        let (ip, scope) = match source {
            SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), 0),
            SocketAddr::V6(v6) => (*v6.ip(), v6.scope_id()),
        };
        let marked = (number as u32 + 1) << NUMBER_SHIFT | scope & SCOPE_MASK;
        SocketAddr::V6(SocketAddrV6::new(ip, source.port(), 0, marked))
    }

    /// The local address that a destination was seen at.
    pub fn of(&self, destination: SocketAddr) -> Option<IpAddr> {
        let SocketAddr::V6(v6) = destination else {
            return None;
        };
        let number = (v6.scope_id() >> NUMBER_SHIFT) as usize;
        self.known.borrow().get(number.checked_sub(1)?).copied()
    }
}

/// The scope id of an address without the mark.
pub(crate) fn scope_of(address: SocketAddrV6) -> u32 {
    address.scope_id() & SCOPE_MASK
}

/// The option that lets the kernel tell of local addresses: its level and name.
pub(crate) fn option(is_ipv6: bool) -> (libc::c_int, libc::c_int) {
    if is_ipv6 {
        (libc::SOL_IPV6, libc::IPV6_RECVPKTINFO)
    } else {
        (libc::SOL_IP, libc::IP_PKTINFO)
    }
}

/// The local address of a received message, from one of its control messages.
///
/// # Safety
/// `control` points to a whole control message that the kernel has written.
pub(crate) unsafe fn read(control: *const libc::cmsghdr) -> Option<IpAddr> {
    // SAFETY: the caller's promise; each kind has the data that its number says (Linux ip(7), ipv6(7)).
    let ip = unsafe {
        match ((*control).cmsg_level, (*control).cmsg_type) {
            (libc::SOL_IP, libc::IP_PKTINFO) => {
                let info = libc::CMSG_DATA(control)
                    .cast::<libc::in_pktinfo>()
                    .read_unaligned();
                IpAddr::V4(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
            }
            (libc::SOL_IPV6, libc::IPV6_PKTINFO) => {
                let info = libc::CMSG_DATA(control)
                    .cast::<libc::in6_pktinfo>()
                    .read_unaligned();
                IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)).to_canonical()
            }
            _ => return None,
        }
    };
    can_answer(ip).then_some(ip)
}

/// Link-local addresses are told apart by their interface, which the sender's scope names already.
fn can_answer(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !ip.is_multicast() && !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Write the control message that lets a datagram leave from `local`; returns the room that it takes.
///
/// # Safety
/// `control` points to `CONTROL_SPACE` writable bytes, aligned for a `cmsghdr`.
pub(crate) unsafe fn write(control: *mut libc::cmsghdr, local: IpAddr, is_ipv6: bool) -> usize {
    // SAFETY: the caller's promise; all-zero bytes are valid values of these plain structures.
    unsafe {
        if is_ipv6 {
            let mut info: libc::in6_pktinfo = std::mem::zeroed();
            info.ipi6_addr.s6_addr = match local {
                IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                IpAddr::V6(v6) => v6.octets(),
            };
            write_as(control, (libc::SOL_IPV6, libc::IPV6_PKTINFO), info)
        } else {
            let mut info: libc::in_pktinfo = std::mem::zeroed();
            if let IpAddr::V4(v4) = local {
                info.ipi_spec_dst.s_addr = u32::from_ne_bytes(v4.octets());
            }
            write_as(control, (libc::SOL_IP, libc::IP_PKTINFO), info)
        }
    }
}

/// # Safety
/// As `write`.
unsafe fn write_as<T>(
    control: *mut libc::cmsghdr,
    (level, kind): (libc::c_int, libc::c_int),
    data: T,
) -> usize {
    let len = size_of::<T>() as libc::c_uint;
    // SAFETY: the caller's promise.
    unsafe {
        (*control).cmsg_level = level;
        (*control).cmsg_type = kind;
        (*control).cmsg_len = libc::CMSG_LEN(len) as _;
        libc::CMSG_DATA(control).cast::<T>().write_unaligned(data);
        libc::CMSG_SPACE(len) as usize
    }
}
