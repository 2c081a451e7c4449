//! Receiving: many messages a call, each perhaps many datagrams of one sender joined by the kernel.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use crate::{Socket, address, local};

/// The most that GRO joins.
const BUFFER_LEN: usize = 65_535;
/// The length of joined datagrams, and the address that they came to.
const CONTROL_LEN: usize = 24 + local::CONTROL_SPACE;

#[repr(align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_LEN]);

/// Buffers for one call, reused.
pub struct ReceiveBatch {
    bytes: Vec<u8>,
    controls: Vec<Control>,
    names: Vec<libc::sockaddr_storage>,
    /// Length, datagram length and sender of each message received.
    received: Vec<(usize, usize, SocketAddr)>,
}

const MESSAGES: usize = ReceiveBatch::MESSAGES;

impl Default for ReceiveBatch {
    fn default() -> Self {
        ReceiveBatch {
            bytes: vec![0; MESSAGES * BUFFER_LEN],
            controls: vec![Control([0; CONTROL_LEN]); MESSAGES],
            // SAFETY: all-zero bytes are a valid sockaddr_storage.
            names: vec![unsafe { std::mem::zeroed() }; MESSAGES],
            received: Vec::with_capacity(MESSAGES),
        }
    }
}

impl ReceiveBatch {
    /// As many messages as one call takes; where there are fewer nothing else was waiting.
    pub const MESSAGES: usize = 32;

    /// Sender and bytes of each datagram of the last call.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.received
            .iter()
            .enumerate()
            .flat_map(|(at, (len, segment_len, source))| {
                let message = &self.bytes[at * BUFFER_LEN..][..*len];
                let segment_len = (*segment_len).max(1);
                // An empty datagram is one too.
                let count = len.div_ceil(segment_len).max(1);
                (0..count).map(move |number| {
                    let start = number * segment_len;
                    (*source, &message[start..(start + segment_len).min(*len)])
                })
            })
    }
}

impl Socket {
    /// Take what waits, without blocking; returns the number of messages.
    ///
    /// # Errors
    /// As `recvmmsg(2)`, but not `EAGAIN`, which is zero messages, nor what an ICMP answer leaves behind.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        batch.received.clear();
        let mut vectors: [libc::iovec; MESSAGES] = std::array::from_fn(|at| libc::iovec {
            iov_base: batch.bytes[at * BUFFER_LEN..].as_mut_ptr().cast(),
            iov_len: BUFFER_LEN,
        });
        // SAFETY: all-zero bytes are a valid mmsghdr.
        let mut headers: [libc::mmsghdr; MESSAGES] = unsafe { std::mem::zeroed() };
        for (at, header) in headers.iter_mut().enumerate() {
            header.msg_hdr.msg_name = (&raw mut batch.names[at]).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut vectors[at];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = batch.controls[at].0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = CONTROL_LEN as _;
        }
        // SAFETY: every pointer in `headers` points into `batch` or `vectors`, which outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                self.as_raw_fd(),
                headers.as_mut_ptr(),
                MESSAGES as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else {
            return match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                error if error.kind() == io::ErrorKind::ConnectionRefused => Ok(0),
                error => Err(error),
            };
        };
        for (at, header) in headers[..count].iter().enumerate() {
            let len = header.msg_len as usize;
            if let Some(source) = address::read(&batch.names[at]) {
                let (segment_len, local) = read_control(&header.msg_hdr);
                let source = local.map_or(source, |local| self.locals.mark(source, local));
                batch.received.push((len, segment_len.unwrap_or(len), source));
            } else {
                batch.received.push((0, 1, SocketAddr::from(([0, 0, 0, 0], 0))));
            }
        }
        Ok(count)
    }
}

/// The length of each datagram in a joined message (UDP_GRO), and the address that it came to.
fn read_control(header: &libc::msghdr) -> (Option<usize>, Option<IpAddr>) {
    let (mut segment_len, mut local) = (None, None);
    // SAFETY: the kernel has filled msg_control and msg_controllen; the CMSG functions stay inside them.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            if (*control).cmsg_level == libc::SOL_UDP && (*control).cmsg_type == libc::UDP_GRO {
                let value = libc::CMSG_DATA(control).cast::<libc::c_int>().read_unaligned();
                segment_len = usize::try_from(value).ok().filter(|len| *len > 0);
            } else {
                local = local.or(local::read(control));
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    (segment_len, local)
}
