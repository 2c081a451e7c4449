//! Joining a Parley node: one message with token and offer, one answer (protocol/signaling.schema.json).

use packet_plane_core::codec::MediaKind;
use serde_json::{Value, json};

use super::{Member, Role, Socket};
use crate::handshake;
use crate::ice::Credentials;
use crate::peer::{Peer, random_ssrc};
use crate::sdp::{self, Line, Local};
use crate::token::Issuer;

pub struct Parley {
    pub url: String,
    pub issuer: Issuer,
}

impl Parley {
    /// Join, connect, and be ready for media.
    ///
    /// # Errors
    /// Says which step failed.
    pub fn join(&self, meeting: (usize, &str), role: &Role) -> Result<Member, String> {
        let ice = Credentials::random();
        let fingerprint = handshake::fingerprint();
        let lines = lines(role);
        let local = Local {
            ice: &ice,
            fingerprint: &fingerprint,
            setup: "actpass",
        };
        let mut socket = Socket::connect(&self.url, "parley.v1")?;
        socket.send(&json!({
            "type": "join",
            "token": self.issuer.token(meeting.1),
            "offer": sdp::format_offer(&local, &lines),
            "tracks": tracks(&lines),
        }))?;
        let joined =
            socket.wait_for(|message| message["type"] == "joined" || message["type"] == "error")?;
        let answer = joined["answer"]
            .as_str()
            .ok_or_else(|| format!("refused: {joined}"))?;
        let remote = sdp::parse(answer)?;
        let peer = Peer::connect(meeting.0, &ice, &remote, &lines)?;
        socket.rest();
        Ok(Member {
            socket,
            meeting: meeting.0,
            peers: vec![peer],
            farewell: vec![json!({"type": "leave"})],
        })
    }
}

/// What is sent first, then the slots.
pub fn lines(role: &Role) -> Vec<Line> {
    let sent = [
        (role.sends_audio, MediaKind::Audio),
        (role.sends_video, MediaKind::Video),
    ];
    let mut lines: Vec<Line> = Vec::new();
    let mut push = |kind, is_sent| {
        let streams = if is_sent && kind == MediaKind::Video {
            2
        } else {
            usize::from(is_sent)
        };
        let layers = if kind == MediaKind::Video {
            role.layers
        } else {
            1
        };
        lines.push(Line {
            mid: lines.len().to_string(),
            kind,
            is_sent,
            ssrcs: (0..streams).map(|_| random_ssrc()).collect(),
            layers,
            feedback: is_sent || role.feedback,
        });
    };
    sent.iter()
        .filter(|(is_sent, _)| *is_sent)
        .for_each(|(_, kind)| push(*kind, true));
    (0..role.audio_slots).for_each(|_| push(MediaKind::Audio, false));
    (0..role.video_slots).for_each(|_| push(MediaKind::Video, false));
    lines
}

fn tracks(lines: &[Line]) -> Value {
    let tracks = lines.iter().filter(|line| line.is_sent).map(|line| {
        let source = if line.kind == MediaKind::Video {
            "camera"
        } else {
            "microphone"
        };
        json!({"mid": line.mid, "source": source, "muted": false})
    });
    tracks.collect()
}
