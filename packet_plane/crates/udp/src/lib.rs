//! Datagrams in batches: `recvmmsg` with UDP_GRO in, `sendmmsg` with UDP_SEGMENT out (Linux udp(7)).
//!
//! Knows sockets and bytes, nothing of what they mean. Falls back to one message per datagram where the
//! kernel refuses segmentation.

mod address;
mod local;
mod receive;
mod send;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use local::LocalAddresses;
pub use receive::ReceiveBatch;
pub use send::Message;

/// Room for bursts that arrive while the worker is busy elsewhere: 50 ms at 600 Mbit/s.
const SOCKET_BUFFER_BYTES: libc::c_int = 4 * 1024 * 1024;

/// A non-blocking UDP socket of one worker.
#[derive(Debug)]
pub struct Socket {
    socket: UdpSocket,
    is_ipv6: bool,
    can_segment: std::cell::Cell<bool>,
    /// Of a socket of all addresses; empty for any other.
    locals: LocalAddresses,
}

impl Socket {
    /// Bind; port 0 lets the kernel choose.
    ///
    /// # Errors
    /// As `bind(2)`, above all `AddrInUse`.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let bound = Socket {
            socket,
            is_ipv6: address.is_ipv6(),
            can_segment: std::cell::Cell::new(true),
            locals: LocalAddresses::default(),
        };
        // Buffers are capped by the system, and old kernels have no GRO: both only cost speed.
        let _ = bound.set_option(libc::SOL_SOCKET, libc::SO_RCVBUF, SOCKET_BUFFER_BYTES);
        let _ = bound.set_option(libc::SOL_SOCKET, libc::SO_SNDBUF, SOCKET_BUFFER_BYTES);
        let _ = bound.set_option(libc::SOL_UDP, libc::UDP_GRO, 1);
        if address.ip().is_unspecified() {
            let (level, name) = local::option(bound.is_ipv6);
            bound.set_option(level, name, 1)?;
        }
        Ok(bound)
    }

    /// # Errors
    /// As `getsockname(2)`.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn set_option(&self, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
        // SAFETY: the descriptor is open and the option's value is a c_int on this stack frame.
        let result = unsafe {
            libc::setsockopt(
                self.as_raw_fd(),
                level,
                name,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(test)]
mod tests;
