//! One stream: its frames in, its frames out, and what waits in between.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Instant;

use crate::framing::{FrameReader, write_frame};

/// What is read from one stream before the others have their turn.
const READ_AT_ONCE: usize = 64 * 1024;
const READ_LEN: usize = 16 * 1024;
/// What waits for a slow reader at most: beyond the first bound only small datagrams, which are audio and control.
const MAX_UNSENT: usize = 256 * 1024;
const MAX_UNSENT_LARGE: usize = 128 * 1024;
const SMALL: usize = 400;

#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    pub address: SocketAddr,
    reader: FrameReader,
    unsent: Vec<u8>,
    sent: usize,
    pub heard_at: Instant,
    /// Whether the caller is told of room to write.
    pub is_watched: bool,
}

/// What came out of one look at a stream.
pub struct Received {
    pub datagrams: usize,
    pub is_open: bool,
}

impl Stream {
    pub fn new(socket: TcpStream, address: SocketAddr) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // Media waits for no acknowledgement.
        socket.set_nodelay(true)?;
        Ok(Stream {
            socket,
            address,
            reader: FrameReader::default(),
            unsent: Vec::new(),
            sent: 0,
            heard_at: Instant::now(),
            is_watched: false,
        })
    }

    /// Read what waits and hand over whole frames.
    pub fn receive(&mut self, handle: &mut impl FnMut(SocketAddr, &[u8])) -> Received {
        let mut datagrams = 0;
        let mut buffer = [0; READ_LEN];
        let mut left = READ_AT_ONCE;
        let is_open = loop {
            if left == 0 {
                break true;
            }
            match self.socket.read(&mut buffer) {
                Ok(0) => break false,
                Ok(len) => {
                    left = left.saturating_sub(len);
                    if !self.reader.push(&buffer[..len]) {
                        break false;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break false,
            }
            while let Some(frame) = self.reader.next_frame() {
                handle(self.address, frame);
                datagrams += 1;
            }
        };
        if datagrams > 0 {
            self.heard_at = Instant::now();
        }
        Received { datagrams, is_open }
    }

    /// Let a datagram wait to be sent; returns whether there was room.
    pub fn push(&mut self, datagram: &[u8]) -> bool {
        let bound = if datagram.len() <= SMALL {
            MAX_UNSENT
        } else {
            MAX_UNSENT_LARGE
        };
        self.unsent.len() - self.sent + datagram.len() <= bound && write_frame(datagram, &mut self.unsent)
    }

    /// Write what the socket takes.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.has_unsent() {
            match self.socket.write(&self.unsent[self.sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => self.sent += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..self.sent);
        self.sent = 0;
        Ok(())
    }

    pub fn has_unsent(&self) -> bool {
        self.sent < self.unsent.len()
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
