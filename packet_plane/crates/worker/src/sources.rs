//! Sockets that hear a few addresses alone: the kernel drops what others send before it wakes anybody.
//!
//! Linux itself drops what comes from outside under an address of the machine's own (a martian source), so that a
//! socket that hears those alone is closed to others, whatever address it is bound to. Source: socket(7),
//! `SO_ATTACH_FILTER`; Documentation/networking/filter.rst.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

/// Offsets from here on count from the IP header (linux/filter.h, `SKF_NET_OFF`).
const NETWORK_HEADER: u32 = -0x10_0000_i32 as u32;
/// Where an IPv4 header has the source (RFC 791 section 3.1).
const SOURCE: u32 = 12;
/// Jumps are of one byte.
const MAX_SOURCES: usize = 200;
const WHOLE: u32 = u32::MAX;

/// Let an IPv4 socket hear these alone.
///
/// # Errors
/// As `setsockopt(2)`, or for more than two hundred addresses.
pub fn hear_only(socket: &impl AsRawFd, sources: &[Ipv4Addr]) -> io::Result<()> {
    if sources.len() > MAX_SOURCES {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut filter = program(sources);
    let program = libc::sock_fprog {
        len: filter.len() as libc::c_ushort,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the descriptor is open; the kernel copies the program, which lives until the call returns.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Load the source, compare it with each address, drop, keep.
fn program(sources: &[Ipv4Addr]) -> Vec<libc::sock_filter> {
    let instruction = |code: u32, equal: u8, value: u32| libc::sock_filter {
        code: code as u16,
        jt: equal,
        jf: 0,
        k: value,
    };
    let load = instruction(
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        0,
        NETWORK_HEADER.wrapping_add(SOURCE),
    );
    let compare = sources.iter().rev().enumerate().rev().map(|(behind, source)| {
        let code = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        instruction(code, behind as u8 + 1, u32::from(*source))
    });
    let drop = instruction(libc::BPF_RET | libc::BPF_K, 0, 0);
    let keep = instruction(libc::BPF_RET | libc::BPF_K, 0, WHOLE);
    std::iter::once(load).chain(compare).chain([drop, keep]).collect()
}
