//! Datagrams framed in TCP streams (RFC 4571), for clients whose network lets no UDP through (RFC 6544, passive side).
//!
//! Knows streams and bytes, nothing of what they mean. All is bounded: streams, the time until the first frame, what
//! waits to be sent. A reader that is too slow loses large datagrams first, which are video.

mod address;
mod epoll;
mod framing;
mod stream;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

pub use address::is_stream;

use epoll::Epoll;
use stream::{Received, Stream};

/// Streams of one worker at most.
const MAX_STREAMS: usize = 2_048;
/// A stream that has sent no frame for so long is closed: consent checks come every five seconds.
const MAX_SILENCE: Duration = Duration::from_secs(30);
/// How often silence is looked for.
const SWEEP: Duration = Duration::from_secs(1);
const LISTENER: u64 = u64::MAX;

/// A listener and its streams.
#[derive(Debug)]
pub struct Streams {
    listener: TcpListener,
    epoll: Epoll,
    streams: Vec<Option<Stream>>,
    free: Vec<usize>,
    generation: u16,
    ready: Vec<(u64, bool)>,
    swept_at: Instant,
}

impl Streams {
    /// Listen.
    ///
    /// # Errors
    /// As `bind(2)`, above all `AddrInUse`, or when the system has no descriptor left.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let epoll = Epoll::new()?;
        epoll.add(listener.as_raw_fd(), LISTENER)?;
        Ok(Streams {
            listener,
            epoll,
            streams: Vec::new(),
            free: Vec::new(),
            generation: 0,
            ready: Vec::new(),
            swept_at: Instant::now(),
        })
    }

    /// What options are set on; streams that it accepts inherit them.
    #[must_use]
    pub fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Take what has arrived, without blocking; returns the number of datagrams.
    pub fn receive(&mut self, mut handle: impl FnMut(SocketAddr, &[u8])) -> usize {
        let mut ready = std::mem::take(&mut self.ready);
        self.epoll.wait(&mut ready);
        let mut datagrams = 0;
        for (which, is_writable) in &ready {
            if *which == LISTENER {
                self.accept();
                continue;
            }
            datagrams += self.serve(*which as usize, *is_writable, &mut handle);
        }
        self.ready = ready;
        self.sweep();
        datagrams
    }

    fn accept(&mut self) {
        while let Ok((socket, peer)) = self.listener.accept() {
            // Beyond the bound the socket is dropped, which closes it.
            if self.streams.len() - self.free.len() >= MAX_STREAMS {
                continue;
            }
            let index = self.free.pop().unwrap_or_else(|| {
                self.streams.push(None);
                self.streams.len() - 1
            });
            self.generation = self.generation.wrapping_add(1);
            let address = address::of_stream(peer, index, self.generation);
            let opened = Stream::new(socket, address)
                .and_then(|stream| self.epoll.add(stream.as_raw_fd(), index as u64).map(|()| stream));
            match opened {
                Ok(stream) => self.streams[index] = Some(stream),
                Err(_) => self.free.push(index),
            }
        }
    }

    fn serve(
        &mut self,
        index: usize,
        is_writable: bool,
        handle: &mut impl FnMut(SocketAddr, &[u8]),
    ) -> usize {
        let Some(stream) = self.streams.get_mut(index).and_then(Option::as_mut) else {
            return 0;
        };
        if is_writable && stream.flush().is_err() {
            self.close(index);
            return 0;
        }
        let Received { datagrams, is_open } = stream.receive(handle);
        self.watch(index);
        if !is_open {
            self.close(index);
        }
        datagrams
    }

    /// Send datagrams of `segment_len` bytes each to a stream; returns how many it would not take.
    pub fn send(&mut self, destination: SocketAddr, bytes: &[u8], segment_len: usize) -> usize {
        let segments = bytes.chunks(segment_len.max(1));
        let stream = address::index_of(destination)
            .and_then(|index| {
                self.streams
                    .get_mut(index)?
                    .as_mut()
                    .map(|stream| (index, stream))
            })
            .filter(|(_, stream)| stream.address == destination);
        let Some((index, stream)) = stream else {
            return segments.count();
        };
        let refused = segments.filter(|datagram| !stream.push(datagram)).count();
        if stream.flush().is_err() {
            self.close(index);
        } else {
            self.watch(index);
        }
        refused
    }

    /// Be told of room in the socket as long as something waits for it.
    fn watch(&mut self, index: usize) {
        let Some(stream) = self.streams.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        let wants = stream.has_unsent();
        if std::mem::replace(&mut stream.is_watched, wants) != wants {
            // Of no use only where the descriptor is gone, and then reading ends the stream.
            let _ = self.epoll.change(stream.as_raw_fd(), index as u64, wants);
        }
    }

    fn close(&mut self, index: usize) {
        // Closing the descriptor takes it out of the epoll set.
        if self.streams[index].take().is_some() {
            self.free.push(index);
        }
    }

    fn sweep(&mut self) {
        if self.swept_at.elapsed() < SWEEP {
            return;
        }
        self.swept_at = Instant::now();
        for index in 0..self.streams.len() {
            let is_silent = self.streams[index]
                .as_ref()
                .is_some_and(|stream| stream.heard_at.elapsed() >= MAX_SILENCE);
            if is_silent {
                self.close(index);
            }
        }
    }

    /// Streams that are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.streams.len() - self.free.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl AsRawFd for Streams {
    /// Readable while something is to be received or sent.
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

#[cfg(test)]
mod tests;
