//! Sending: many messages a call, each perhaps many datagrams to one address cut by the kernel.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use crate::{Socket, address, local};

const MESSAGES: usize = 64;
/// A call of so few messages needs no room for all of them.
const FEW: usize = 8;
/// The length to cut at, and the address to leave from.
const CONTROL_LEN: usize = 24 + local::CONTROL_SPACE;
/// How long a full send buffer is waited for; longer and the datagrams are late anyway.
const PATIENCE_MS: libc::c_int = 5;

/// Datagrams to one address, cut every `segment_len` bytes.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub destination: SocketAddr,
    pub bytes: &'a [u8],
    pub segment_len: usize,
}

impl Message<'_> {
    fn is_segmented(&self) -> bool {
        self.bytes.len() > self.segment_len
    }
}

#[repr(align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_LEN]);

impl Socket {
    /// Send messages in order; returns how many datagrams the kernel would not take.
    pub fn send(&self, messages: &[Message<'_>]) -> usize {
        let mut refused = 0;
        let mut rest = messages;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(MESSAGES));
            if !self.can_segment.get() && now.iter().any(Message::is_segmented) {
                refused += self.send_singly(now);
                rest = later;
                continue;
            }
            match self.send_some(now) {
                Ok(sent) => rest = &rest[sent.max(1)..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.wait_writable() => {}
                Err(error) if now[0].is_segmented() && is_segmentation_refused(&error) => {
                    let refused_singly = self.send_singly(&now[..1]);
                    // The route or device cannot segment, as each alone went out: from now on all go so.
                    self.can_segment.set(refused_singly > 0);
                    refused += refused_singly;
                    rest = &rest[1..];
                }
                Err(_) => {
                    refused += now[0].bytes.len().div_ceil(now[0].segment_len.max(1));
                    rest = &rest[1..];
                }
            }
        }
        refused
    }

    fn send_singly(&self, messages: &[Message<'_>]) -> usize {
        let single = |message: &Message<'_>, bytes| {
            let message = [Message { bytes, ..*message }];
            match self.send_some(&message) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.wait_writable() => {
                    self.send_some(&message).is_err()
                }
                outcome => outcome.is_err(),
            }
        };
        let chunks = messages
            .iter()
            .flat_map(|m| m.bytes.chunks(m.segment_len.max(1)).map(move |bytes| (m, bytes)));
        chunks.filter(|(message, bytes)| single(message, bytes)).count()
    }

    /// One call of `sendmmsg`; returns how many messages went out.
    fn send_some(&self, messages: &[Message<'_>]) -> io::Result<usize> {
        if messages.len() <= FEW {
            self.send_at_most::<FEW>(messages)
        } else {
            self.send_at_most::<MESSAGES>(messages)
        }
    }

    fn send_at_most<const MOST: usize>(&self, messages: &[Message<'_>]) -> io::Result<usize> {
        // SAFETY: all-zero bytes are valid values of these plain structures.
        let (mut names, mut vectors, mut headers): (
            [libc::sockaddr_storage; MOST],
            [libc::iovec; MOST],
            [libc::mmsghdr; MOST],
        ) = unsafe { (std::mem::zeroed(), std::mem::zeroed(), std::mem::zeroed()) };
        let mut controls = [Control([0; CONTROL_LEN]); MOST];
        for (at, message) in messages.iter().enumerate().take(MOST) {
            let header = &mut headers[at].msg_hdr;
            header.msg_namelen = address::write(message.destination, self.is_ipv6, &mut names[at]);
            header.msg_name = (&raw mut names[at]).cast();
            vectors[at].iov_base = message.bytes.as_ptr().cast_mut().cast();
            vectors[at].iov_len = message.bytes.len();
            header.msg_iov = &raw mut vectors[at];
            header.msg_iovlen = 1;
            let local = self.locals.of(message.destination);
            if message.is_segmented() || local.is_some() {
                self.write_control(header, &mut controls[at], message, local);
            }
        }
        // SAFETY: every pointer in `headers` points into this frame or into `messages`.
        let sent = unsafe {
            libc::sendmmsg(
                self.as_raw_fd(),
                headers.as_mut_ptr(),
                messages.len().min(MOST) as libc::c_uint,
                0,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn write_control(
        &self,
        header: &mut libc::msghdr,
        control: &mut Control,
        message: &Message<'_>,
        local: Option<IpAddr>,
    ) {
        header.msg_control = control.0.as_mut_ptr().cast();
        let mut len = 0;
        // SAFETY: the control buffer is aligned, and holds one message of two bytes and one of `CONTROL_SPACE`.
        unsafe {
            if message.is_segmented() {
                let segment = control.0.as_mut_ptr().cast::<libc::cmsghdr>();
                (*segment).cmsg_level = libc::SOL_UDP;
                (*segment).cmsg_type = libc::UDP_SEGMENT;
                (*segment).cmsg_len = libc::CMSG_LEN(2) as _;
                libc::CMSG_DATA(segment)
                    .cast::<u16>()
                    .write_unaligned(message.segment_len as u16);
                len += libc::CMSG_SPACE(2) as usize;
            }
            if let Some(local) = local {
                let place = control.0.as_mut_ptr().add(len).cast();
                len += local::write(place, local, self.is_ipv6);
            }
        }
        header.msg_controllen = len as _;
    }

    fn wait_writable(&self) -> bool {
        let mut poll = libc::pollfd {
            fd: self.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: one pollfd on this frame.
        unsafe { libc::poll(&raw mut poll, 1, PATIENCE_MS) > 0 }
    }
}

fn is_segmentation_refused(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EINVAL | libc::ENOPROTOOPT | libc::EOPNOTSUPP)
    )
}
