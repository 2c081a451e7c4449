//! Joining a room of Janus' VideoRoom plugin over its WebSocket interface.
//!
//! As its clients do: one connection that publishes, one that receives all feeds of the others. Source:
//! the Janus documentation, "WebSockets Interface" and "VideoRoom plugin".

use std::time::Duration;

use serde_json::{Value, json};

use super::{Member, Role, Socket, parley};
use crate::handshake;
use crate::ice::{Credentials, random_text};
use crate::peer::Peer;
use crate::sdp::{self, Local};

const NO_SUCH_FEED: &str = "\"error_code\":428";
const FEED_TRIES: usize = 100;
const FEED_RETRY: Duration = Duration::from_millis(20);

pub struct Janus {
    pub url: String,
}

impl Janus {
    /// Make the room of a meeting; one that is there already will do.
    ///
    /// # Errors
    /// When Janus does not answer.
    pub fn create_room(&self, room: u64) -> Result<(), String> {
        let mut socket = Socket::connect(&self.url, "janus-protocol")?;
        let session = create_session(&mut socket)?;
        let handle = attach(&mut socket, session)?;
        let body = json!({
            "request": "create", "room": room, "publishers": 1000, "bitrate": 0, "fir_freq": 0,
            "audiocodec": "opus", "videocodec": "vp8",
        });
        request(&mut socket, (session, handle), &body, None, |answer| {
            answer["janus"] == "success"
        })?;
        socket.leave(&[destroy(session)]);
        Ok(())
    }

    /// Join a room: publish if the role says so.
    ///
    /// # Errors
    /// Says which step failed.
    pub fn join(&self, meeting: (usize, u64), role: &Role) -> Result<Joined, String> {
        let mut socket = Socket::connect(&self.url, "janus-protocol")?;
        let session = create_session(&mut socket)?;
        let mut joined = Joined {
            member: Member {
                socket,
                meeting: meeting.0,
                peers: Vec::new(),
                farewell: vec![destroy(session)],
            },
            session,
            room: meeting.1,
            feed: None,
        };
        if role.sends() {
            joined.publish(role)?;
        }
        Ok(joined)
    }
}

/// A member that has published, and may subscribe once the others have published too.
pub struct Joined {
    pub member: Member,
    session: u64,
    room: u64,
    pub feed: Option<u64>,
}

impl Joined {
    fn publish(&mut self, role: &Role) -> Result<(), String> {
        let socket = &mut self.member.socket;
        let handle = attach(socket, self.session)?;
        let sending = Role {
            audio_slots: 0,
            video_slots: 0,
            ..role.clone()
        };
        let lines = parley::lines(&sending);
        let (ice, fingerprint) = (Credentials::random(), handshake::fingerprint());
        let local = Local {
            ice: &ice,
            fingerprint: &fingerprint,
            setup: "actpass",
        };
        let body = json!({
            "request": "joinandconfigure", "room": self.room, "ptype": "publisher", "display": "load",
        });
        let offer = json!({"type": "offer", "sdp": sdp::format_offer(&local, &lines)});
        let answer = request(
            socket,
            (self.session, handle),
            &body,
            Some(offer),
            |answer| answer["jsep"].is_object(),
        )?;
        self.feed = answer["plugindata"]["data"]["id"].as_u64();
        let remote = sdp::parse(answer["jsep"]["sdp"].as_str().unwrap_or_default())?;
        let peer = Peer::connect(self.member.meeting, &ice, &remote, &lines)?;
        self.member.peers.push(peer);
        Ok(())
    }

    /// Receive all these feeds over one further connection.
    ///
    /// # Errors
    /// Says which step failed.
    pub fn subscribe(&mut self, feeds: &[u64]) -> Result<(), String> {
        let wanted: Vec<Value> = feeds
            .iter()
            .filter(|feed| Some(**feed) != self.feed)
            .map(|feed| json!({"feed": feed}))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let socket = &mut self.member.socket;
        let handle = attach(socket, self.session)?;
        let body =
            json!({"request": "join", "ptype": "subscriber", "room": self.room, "streams": wanted});
        let offered = offer_of_feeds(socket, (self.session, handle), &body)?;
        let remote = sdp::parse(offered["jsep"]["sdp"].as_str().unwrap_or_default())?;
        let (ice, fingerprint) = (Credentials::random(), handshake::fingerprint());
        let local = Local {
            ice: &ice,
            fingerprint: &fingerprint,
            setup: "active",
        };
        let jsep = json!({"type": "answer", "sdp": sdp::format_receiving_answer(&local, &remote)});
        let start = json!({"request": "start"});
        request(
            socket,
            (self.session, handle),
            &start,
            Some(jsep),
            |answer| answer["plugindata"]["data"]["started"] == "ok",
        )?;
        let peer = Peer::connect(self.member.meeting, &ice, &remote, &[])?;
        self.member.peers.push(peer);
        Ok(())
    }
}

/// Janus lists a feed only once its media path is up, which it learns a moment after its publisher.
fn offer_of_feeds(socket: &mut Socket, ids: (u64, u64), body: &Value) -> Result<Value, String> {
    let mut outcome = Err(String::new());
    for _ in 0..FEED_TRIES {
        outcome = request(socket, ids, body, None, |answer| answer["jsep"].is_object());
        if !outcome
            .as_ref()
            .is_err_and(|error| error.contains(NO_SUCH_FEED))
        {
            break;
        }
        std::thread::sleep(FEED_RETRY);
    }
    outcome
}

fn create_session(socket: &mut Socket) -> Result<u64, String> {
    let transaction = random_text(12);
    socket.send(&json!({"janus": "create", "transaction": transaction}))?;
    let answer = socket.wait_for(|answer| answer["transaction"] == *transaction)?;
    answer["data"]["id"]
        .as_u64()
        .ok_or_else(|| format!("no session: {answer}"))
}

fn attach(socket: &mut Socket, session: u64) -> Result<u64, String> {
    let transaction = random_text(12);
    socket.send(&json!({
        "janus": "attach", "plugin": "janus.plugin.videoroom", "session_id": session,
        "transaction": transaction,
    }))?;
    let answer = socket.wait_for(|answer| answer["transaction"] == *transaction)?;
    answer["data"]["id"]
        .as_u64()
        .ok_or_else(|| format!("no handle: {answer}"))
}

/// Ask the plugin, and wait for the answer that is looked for.
fn request(
    socket: &mut Socket,
    (session, handle): (u64, u64),
    body: &Value,
    jsep: Option<Value>,
    is_answer: impl Fn(&Value) -> bool,
) -> Result<Value, String> {
    let transaction = random_text(12);
    let mut message = json!({
        "janus": "message", "session_id": session, "handle_id": handle, "transaction": transaction,
        "body": body,
    });
    if let Some(jsep) = jsep {
        message["jsep"] = jsep;
    }
    socket.send(&message)?;
    let failed = |answer: &Value| {
        answer["janus"] == "error" || !answer["plugindata"]["data"]["error"].is_null()
    };
    let answer = socket.wait_for(|answer| {
        answer["transaction"] == *transaction && (failed(answer) || is_answer(answer))
    })?;
    if failed(&answer) {
        Err(format!("Janus: {answer}"))
    } else {
        Ok(answer)
    }
}

fn destroy(session: u64) -> Value {
    json!({"janus": "destroy", "session_id": session, "transaction": random_text(12)})
}
