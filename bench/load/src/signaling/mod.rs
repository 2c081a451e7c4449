//! How clients are let in: each server's own messages over a WebSocket, until there is a path for media.

mod janus;
mod parley;

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

pub use janus::Janus;
pub use parley::Parley;

use crate::peer::Peer;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a client does in its meeting.
#[derive(Clone, Debug)]
pub struct Role {
    pub sends_audio: bool,
    pub sends_video: bool,
    pub layers: usize,
    pub audio_slots: usize,
    pub video_slots: usize,
    pub feedback: bool,
}

impl Role {
    pub fn sends(&self) -> bool {
        self.sends_audio || self.sends_video
    }

    pub fn receives(&self) -> bool {
        self.audio_slots + self.video_slots > 0
    }
}

/// A client that has joined: its signaling, and a connection or two for media.
pub struct Member {
    pub socket: Socket,
    pub meeting: usize,
    pub peers: Vec<Peer>,
    /// The messages that take it out again, in order.
    pub farewell: Vec<Value>,
}

/// A WebSocket that is waited for while joining, and only emptied later.
pub struct Socket {
    socket: WebSocket<TcpStream>,
}

impl Socket {
    /// # Errors
    /// When the server refuses the connection or the protocol.
    pub fn connect(url: &str, protocol: &str) -> Result<Self, String> {
        let mut request = url
            .into_client_request()
            .map_err(|error| error.to_string())?;
        let authority = request
            .uri()
            .authority()
            .ok_or("the URL names no host")?
            .to_string();
        let name = protocol
            .parse()
            .map_err(|_| "the protocol is no header value")?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        let stream = TcpStream::connect(&authority).map_err(|error| format!("{url}: {error}"))?;
        let prepared = stream
            .set_nodelay(true)
            .and(stream.set_read_timeout(Some(PATIENCE)));
        prepared.map_err(|error| error.to_string())?;
        let (socket, _) =
            tungstenite::client(request, stream).map_err(|error| format!("{url}: {error}"))?;
        Ok(Socket { socket })
    }

    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, message: &Value) -> Result<(), String> {
        let text = message.to_string();
        self.socket
            .send(Message::text(text))
            .map_err(|error| error.to_string())
    }

    /// Wait for the first message that is looked for; others are let go.
    ///
    /// # Errors
    /// When it does not come in time, or the connection ends.
    pub fn wait_for(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let frame = self.socket.read().map_err(|error| error.to_string())?;
            if let Message::Text(text) = frame {
                let message: Value =
                    serde_json::from_str(&text).map_err(|error| error.to_string())?;
                if is_wanted(&message) {
                    return Ok(message);
                }
            }
        }
        Err("the server did not answer in time".into())
    }

    /// From now on nobody waits on this socket.
    pub fn rest(&mut self) {
        let _ = self.socket.get_ref().set_nonblocking(true);
    }

    /// Read what has come, so that pings are answered and the server's buffers stay empty.
    pub fn drain(&mut self) {
        loop {
            match self.socket.read() {
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    let _ = self.socket.flush();
                    return;
                }
                Err(_) => return,
            }
        }
    }

    /// Say the last words and wait until the server has closed or answered them all.
    pub fn leave(&mut self, farewell: &[Value]) {
        let _ = self.socket.get_ref().set_nonblocking(false);
        for message in farewell {
            if self.send(message).is_err() {
                return;
            }
            let transaction = message["transaction"].clone();
            // Janus answers by the transaction; Parley closes the socket, which ends the wait as well.
            let _ = self
                .wait_for(|answer| !transaction.is_null() && answer["transaction"] == transaction);
        }
        let _ = self.socket.close(None);
    }
}
