//! Receiving with everything the kernel knows: sender, joined datagrams, and when they came.
//!
//! Structures for the system call are made once. Arrival is the kernel's own time stamp
//! (`SO_TIMESTAMPNS`), so that a busy generator does not look like a slow server.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::RawFd;

const MESSAGES: usize = 32;
const BUFFER_LEN: usize = 65_536;
const CONTROL_WORDS: usize = 12;

/// Datagrams of one sender, joined by the kernel.
#[derive(Clone, Copy)]
pub struct Joined<'a> {
    pub source: SocketAddr,
    /// Wall clock, nanoseconds; 0 when the socket does not ask for it.
    pub arrived_ns: u64,
    pub segment_len: usize,
    pub bytes: &'a [u8],
}

pub struct Batch {
    bytes: Vec<u8>,
    names: Vec<libc::sockaddr_in>,
    controls: Vec<[u64; CONTROL_WORDS]>,
    _vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the pointers lead into the vectors beside them, which move with the structure and never grow.
unsafe impl Send for Batch {}

impl Default for Batch {
    fn default() -> Self {
        let mut bytes = vec![0u8; MESSAGES * BUFFER_LEN];
        // SAFETY: all-zero bytes are valid values of these plain structures.
        let (empty_name, empty_header) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        let mut names: Vec<libc::sockaddr_in> = vec![empty_name; MESSAGES];
        let mut controls = vec![[0u64; CONTROL_WORDS]; MESSAGES];
        let mut vectors: Vec<libc::iovec> = bytes
            .chunks_mut(BUFFER_LEN)
            .map(|chunk| libc::iovec {
                iov_base: chunk.as_mut_ptr().cast(),
                iov_len: BUFFER_LEN,
            })
            .collect();
        let mut headers: Vec<libc::mmsghdr> = vec![empty_header; MESSAGES];
        for (at, header) in headers.iter_mut().enumerate() {
            header.msg_hdr.msg_name = (&raw mut names[at]).cast();
            header.msg_hdr.msg_iov = &raw mut vectors[at];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = controls[at].as_mut_ptr().cast();
        }
        Batch {
            bytes,
            names,
            controls,
            _vectors: vectors,
            headers,
        }
    }
}

impl Batch {
    /// Take what waits; with `MSG_WAITFORONE` in `flags`, wait for the first.
    pub fn receive(&mut self, fd: RawFd, flags: libc::c_int) -> usize {
        for header in &mut self.headers {
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_hdr.msg_controllen = size_of::<[u64; CONTROL_WORDS]>() as _;
        }
        // SAFETY: every pointer in `headers` leads into this structure.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                self.headers.as_mut_ptr(),
                MESSAGES as libc::c_uint,
                flags as _,
                std::ptr::null_mut(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// Whether a call that returned `count` may have left something.
    pub fn is_full(count: usize) -> bool {
        count == MESSAGES
    }

    pub fn joined(&self, at: usize) -> Joined<'_> {
        let (header, name) = (&self.headers[at], &self.names[at]);
        let len = header.msg_len as usize;
        let ip = Ipv4Addr::from(name.sin_addr.s_addr.to_ne_bytes());
        let mut joined = Joined {
            source: SocketAddr::from((ip, u16::from_be(name.sin_port))),
            arrived_ns: 0,
            segment_len: len.max(1),
            bytes: &self.bytes[at * BUFFER_LEN..][..len],
        };
        debug_assert!(!self.controls.is_empty());
        read_control(&header.msg_hdr, &mut joined);
        joined
    }
}

fn read_control(header: &libc::msghdr, joined: &mut Joined<'_>) {
    // SAFETY: the kernel has filled msg_control and msg_controllen; the CMSG functions stay inside them.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let len = data.cast::<libc::c_int>().read_unaligned();
                    joined.segment_len = usize::try_from(len).unwrap_or(0).max(1);
                }
                (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) => {
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    joined.arrived_ns = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
                }
                _ => {}
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
}

/// Ask the kernel for arrival times.
pub fn enable_timestamps(fd: RawFd) {
    let on: libc::c_int = 1;
    // SAFETY: the option's value is a c_int on this frame.
    unsafe {
        libc::setsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}

/// The wall clock, nanoseconds: what the kernel stamps with.
pub fn wallclock_ns() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}
