//! One message for each viewer, prepared once; only bytes and lengths change.

use std::net::SocketAddr;
use std::os::fd::RawFd;

pub struct Fan {
    slab: Vec<u8>,
    /// Kept because `headers` points into them.
    _names: Vec<libc::sockaddr_in>,
    vectors: Vec<libc::iovec>,
    controls: Vec<[u64; 4]>,
    headers: Vec<libc::mmsghdr>,
    slice_len: usize,
    segment_len: u16,
}

// SAFETY: the pointers lead into the vectors beside them, which move with the structure and never grow.
unsafe impl Send for Fan {}

impl Fan {
    pub fn new(viewers: &[SocketAddr], slice_len: usize) -> Self {
        let mut slab = vec![0u8; slice_len * viewers.len()];
        let mut names: Vec<libc::sockaddr_in> = viewers.iter().map(socket_name).collect();
        let mut controls = vec![[0u64; 4]; viewers.len()];
        let mut vectors: Vec<libc::iovec> = slab
            .chunks_mut(slice_len)
            .map(|slice| libc::iovec {
                iov_base: slice.as_mut_ptr().cast(),
                iov_len: 0,
            })
            .collect();
        // SAFETY: all-zero bytes are a valid mmsghdr.
        let mut headers: Vec<libc::mmsghdr> = vec![unsafe { std::mem::zeroed() }; viewers.len()];
        for (at, header) in headers.iter_mut().enumerate() {
            let header = &mut header.msg_hdr;
            header.msg_name = (&raw mut names[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[at];
            header.msg_iovlen = 1;
            header.msg_control = controls[at].as_mut_ptr().cast();
        }
        Fan {
            slab,
            _names: names,
            vectors,
            controls,
            headers,
            slice_len,
            segment_len: 0,
        }
    }

    /// Where each viewer's packets are written.
    pub fn slices(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.slab.chunks_mut(self.slice_len)
    }

    /// Send the first `len` bytes of each slice, cut every `segment_len`.
    pub fn send(&mut self, fd: RawFd, len: usize, segment_len: u16) {
        let is_segmented = len > usize::from(segment_len);
        let controls_change = self.segment_len != if is_segmented { segment_len } else { 0 };
        for (at, vector) in self.vectors.iter_mut().enumerate() {
            vector.iov_len = len;
            if controls_change {
                let header = &mut self.headers[at].msg_hdr;
                header.msg_controllen = 0;
                if is_segmented {
                    write_segment_len(header, &mut self.controls[at], segment_len);
                }
            }
        }
        self.segment_len = if is_segmented { segment_len } else { 0 };
        let mut sent = 0;
        while sent < self.headers.len() {
            let rest = &mut self.headers[sent..];
            // SAFETY: every pointer in `headers` leads into this structure.
            let count = unsafe { libc::sendmmsg(fd, rest.as_mut_ptr(), rest.len() as u32, 0) };
            let Ok(count) = usize::try_from(count) else {
                return;
            };
            sent += count;
        }
    }
}

fn socket_name(address: &SocketAddr) -> libc::sockaddr_in {
    let SocketAddr::V4(v4) = address else {
        unreachable!("the generator binds IPv4");
    };
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: v4.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(v4.ip().octets()),
        },
        sin_zero: [0; 8],
    }
}

fn write_segment_len(header: &mut libc::msghdr, control: &mut [u64; 4], segment_len: u16) {
    header.msg_controllen = size_of_val(control) as _;
    // SAFETY: the control buffer is aligned and has room for one message of two bytes.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(2) as _;
        libc::CMSG_DATA(message)
            .cast::<u16>()
            .write_unaligned(segment_len);
        header.msg_controllen = libc::CMSG_SPACE(2) as _;
    }
}
