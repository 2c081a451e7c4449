//! The few lines of SDP that the clients write and read (RFC 8866, RFC 9143, RFC 9429).
//!
//! An offer is a browser's in what a server looks at; what it leaves out (codecs nobody takes) changes nothing.

use std::net::SocketAddr;

use packet_plane_core::codec::MediaKind;

use crate::ice::Credentials;

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;
/// Lowest quality first, as the track's layers are counted.
pub const RIDS: [&str; 3] = ["q", "h", "f"];

pub const MID: (u8, &str) = (1, "urn:ietf:params:rtp-hdrext:sdes:mid");
pub const AUDIO_LEVEL: (u8, &str) = (2, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
pub const TRANSPORT_CC: (u8, &str) = (
    3,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
);
pub const RID: (u8, &str) = (4, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
pub const REPAIRED_RID: (u8, &str) = (5, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id");

/// One m-line that a client offers.
#[derive(Clone, Debug)]
pub struct Line {
    pub mid: String,
    pub kind: MediaKind,
    pub is_sent: bool,
    /// Of the media and of its retransmission; simulcast names layers by RID instead.
    pub ssrcs: Vec<u32>,
    pub layers: usize,
    /// Whether transport-wide feedback is offered.
    pub feedback: bool,
}

/// What a client says of itself.
pub struct Local<'a> {
    pub ice: &'a Credentials,
    pub fingerprint: &'a str,
    pub setup: &'a str,
}

/// One m-line of the server's description.
#[derive(Clone, Debug, Default)]
pub struct RemoteLine {
    pub mid: String,
    pub is_video: bool,
    pub is_sent: bool,
    /// Pairs of a stream and its retransmission.
    pub streams: Vec<(u32, Option<u32>)>,
    pub extensions: Vec<(u8, String)>,
    pub takes_layers: bool,
    pub takes_transport_cc: bool,
    formats: String,
    codec_lines: Vec<String>,
}

impl RemoteLine {
    /// The identifier under which the server knows an extension.
    pub fn extension(&self, uri: &str) -> Option<u8> {
        self.extensions
            .iter()
            .find(|(_, known)| known == uri)
            .map(|(id, _)| *id)
    }
}

/// The server's side of a connection.
#[derive(Clone, Debug)]
pub struct Remote {
    pub ice: Credentials,
    pub fingerprint: String,
    pub is_dtls_client: bool,
    pub address: SocketAddr,
    pub lines: Vec<RemoteLine>,
}

/// Write an offer of these lines.
pub fn format_offer(local: &Local<'_>, lines: &[Line]) -> String {
    let mids: Vec<&str> = lines.iter().map(|line| line.mid.as_str()).collect();
    let mut text = session(&mids);
    for line in lines {
        text.push_str(&format_line(local, line));
    }
    text
}

fn session(mids: &[&str]) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n",
        mids.join(" ")
    )
}

fn transport(local: &Local<'_>, mid: &str) -> String {
    format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:{}\r\na=mid:{mid}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
        local.ice.ufrag, local.ice.password, local.fingerprint, local.setup
    )
}

fn format_line(local: &Local<'_>, line: &Line) -> String {
    let is_video = line.kind == MediaKind::Video;
    let (media, formats) = match is_video {
        true => ("video", format!("{VP8} {VP8_RTX}")),
        false => ("audio", OPUS.to_string()),
    };
    let mut text = format!("m={media} 9 UDP/TLS/RTP/SAVPF {formats}\r\n");
    text.push_str(&transport(local, &line.mid));
    let direction = if line.is_sent { "sendonly" } else { "recvonly" };
    text.push_str(&format!("a={direction}\r\n"));
    let mut extensions = vec![MID];
    extensions.extend(line.feedback.then_some(TRANSPORT_CC));
    extensions.extend(if is_video {
        vec![RID, REPAIRED_RID]
    } else {
        vec![AUDIO_LEVEL]
    });
    for (id, uri) in extensions {
        text.push_str(&format!("a=extmap:{id} {uri}\r\n"));
    }
    text.push_str(if is_video { VIDEO_CODEC } else { AUDIO_CODEC });
    if line.feedback {
        let codec = if is_video { VP8 } else { OPUS };
        text.push_str(&format!("a=rtcp-fb:{codec} transport-cc\r\n"));
    }
    if line.is_sent {
        text.push_str(&format_source(line));
    }
    text
}

const AUDIO_CODEC: &str = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n";
const VIDEO_CODEC: &str = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n\
    a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";

fn format_source(line: &Line) -> String {
    let mut text = format!("a=msid:- {0}\r\n", line.mid);
    if line.layers > 1 {
        let rids = &RIDS[..line.layers];
        for rid in rids {
            text.push_str(&format!("a=rid:{rid} send\r\n"));
        }
        text.push_str(&format!("a=simulcast:send {}\r\n", rids.join(";")));
        return text;
    }
    if let [media, rtx] = line.ssrcs[..] {
        text.push_str(&format!("a=ssrc-group:FID {media} {rtx}\r\n"));
    }
    for ssrc in &line.ssrcs {
        text.push_str(&format!("a=ssrc:{ssrc} cname:load\r\n"));
    }
    text
}

/// Answer an offer that only sends to us: every line is received as offered.
pub fn format_receiving_answer(local: &Local<'_>, offer: &Remote) -> String {
    let mids: Vec<&str> = offer.lines.iter().map(|line| line.mid.as_str()).collect();
    let mut text = session(&mids);
    for line in &offer.lines {
        let media = if line.is_video { "video" } else { "audio" };
        text.push_str(&format!(
            "m={media} 9 UDP/TLS/RTP/SAVPF {}\r\n",
            line.formats
        ));
        text.push_str(&transport(local, &line.mid));
        text.push_str("a=recvonly\r\n");
        for kept in &line.codec_lines {
            text.push_str(&format!("{kept}\r\n"));
        }
        for (id, uri) in &line.extensions {
            text.push_str(&format!("a=extmap:{id} {uri}\r\n"));
        }
    }
    text
}

/// Read an offer or answer of a server.
///
/// # Errors
/// Says what is missing.
pub fn parse(text: &str) -> Result<Remote, String> {
    let mut remote = Reader::default();
    for line in text.lines() {
        remote.take(line);
    }
    let address = remote.address.ok_or("no IPv4 candidate over UDP")?;
    Ok(Remote {
        ice: Credentials {
            ufrag: remote.ufrag,
            password: remote.password,
        },
        fingerprint: remote.fingerprint,
        is_dtls_client: remote.is_active,
        address,
        lines: remote.lines,
    })
}

#[derive(Default)]
struct Reader {
    ufrag: String,
    password: String,
    fingerprint: String,
    is_active: bool,
    address: Option<SocketAddr>,
    lines: Vec<RemoteLine>,
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ');
            self.lines.push(RemoteLine {
                is_video: words.next() == Some("video"),
                formats: words.skip(2).collect::<Vec<_>>().join(" "),
                ..RemoteLine::default()
            });
        }
        let Some((name, value)) = line
            .strip_prefix("a=")
            .map(|a| a.split_once(':').unwrap_or((a, "")))
        else {
            return;
        };
        match name {
            "ice-ufrag" => self.ufrag = value.into(),
            "ice-pwd" => self.password = value.into(),
            "fingerprint" => {
                self.fingerprint = value.rsplit(' ').next().unwrap_or_default().to_uppercase()
            }
            "setup" => self.is_active = value == "active",
            "candidate" => self.address = self.address.or_else(|| candidate_address(value)),
            _ => {
                if let Some(media) = self.lines.last_mut() {
                    take_attribute(media, line, name, value);
                }
            }
        }
    }
}

fn take_attribute(media: &mut RemoteLine, line: &str, name: &str, value: &str) {
    let numbers =
        |text: &str| -> Vec<u32> { text.split(' ').filter_map(|n| n.parse().ok()).collect() };
    match name {
        "mid" => media.mid = value.into(),
        "sendonly" | "sendrecv" => media.is_sent = true,
        "simulcast" => media.takes_layers = true,
        "rtpmap" | "fmtp" => media.codec_lines.push(line.into()),
        "rtcp-fb" => {
            media.takes_transport_cc |= value.ends_with("transport-cc");
            media.codec_lines.push(line.into());
        }
        "extmap" => {
            let (id, uri) = value.split_once(' ').unwrap_or_default();
            let id = id.split('/').next().and_then(|id| id.parse().ok());
            media.extensions.extend(id.map(|id| (id, uri.to_owned())));
        }
        "ssrc-group" => {
            if let [stream, rtx] = numbers(value)[..] {
                media.streams = vec![(stream, Some(rtx))];
            }
        }
        "ssrc" => {
            let ssrc = numbers(value).first().copied().unwrap_or_default();
            let is_known = media
                .streams
                .iter()
                .any(|(stream, rtx)| *stream == ssrc || *rtx == Some(ssrc));
            if !is_known {
                media.streams.push((ssrc, None));
            }
        }
        _ => {}
    }
}

/// Address and port of a host candidate over UDP and IPv4 (RFC 8839 section 5.1).
fn candidate_address(value: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = value.split(' ').collect();
    let is_udp = words.get(2)?.eq_ignore_ascii_case("udp");
    let ip: std::net::Ipv4Addr = words.get(4)?.parse().ok()?;
    let port: u16 = words.get(5)?.parse().ok()?;
    is_udp.then(|| SocketAddr::from((ip, port)))
}
