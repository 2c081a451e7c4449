//! Where taps are read: one end of a stream socket for each, written without waiting.
//!
//! What the kernel does not take stays in the tap's bounded buffer; a reader that is gone costs nothing more.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::quantities::{Instant, TapId};

/// Bytes that are worth a system call at once.
const WORTH_A_CALL: usize = 64 << 10;
/// How long fewer may wait.
const INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of one call: the thread has other things to do.
const MAX_AT_ONCE: usize = 512 << 10;

/// The sockets of a worker's taps.
#[derive(Default)]
pub(crate) struct TapSockets {
    sockets: Vec<(TapId, OwnedFd)>,
    due: Instant,
}

impl TapSockets {
    /// Write to this socket from now on.
    pub fn open(&mut self, tap: TapId, socket: OwnedFd) {
        self.close(tap);
        self.sockets.push((tap, socket));
    }

    fn close(&mut self, tap: TapId) {
        self.sockets.retain(|(known, _)| *known != tap);
    }

    /// Close all: their plane is gone.
    pub fn clear(&mut self) {
        self.sockets.clear();
    }

    /// Write what waits, where it is much or has waited.
    pub fn write(&mut self, now: Instant, plane: &mut Plane) {
        if self.sockets.is_empty() {
            return;
        }
        let is_due = now >= self.due;
        if is_due {
            self.due = now + INTERVAL;
        }
        let mut over = Vec::new();
        for (tap, socket) in &self.sockets {
            let waiting = plane
                .taps()
                .find(|(known, _)| known == tap)
                .map(|(_, bytes)| bytes);
            // A tap that the plane does not know is over.
            let Some(waiting) = waiting else {
                over.push(*tap);
                continue;
            };
            if !is_due && waiting.len() < WORTH_A_CALL {
                continue;
            }
            let written = if waiting.is_empty() {
                Ok(0)
            } else {
                send(socket, &waiting[..waiting.len().min(MAX_AT_ONCE)])
            };
            match written {
                Ok(len) if plane.take_from_tap(*tap, len) => over.push(*tap),
                Ok(_) => {}
                Err(_) => {
                    plane.break_tap(*tap);
                    over.push(*tap);
                }
            }
        }
        over.into_iter().for_each(|tap| self.close(tap));
    }
}

/// Bytes that the kernel takes now, none where it has no room.
fn send(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the bytes live on this frame's caller for the call.
    let sent = unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    if sent >= 0 {
        return Ok(sent as usize);
    }
    match io::Error::last_os_error() {
        error
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(0)
        }
        error => Err(error),
    }
}
