//! From an address to keys: ICE check, DTLS handshake, fingerprint, SRTP keys (RFC 5764).
//!
//! Blocks the calling thread, which is one of several that let clients in.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output, certificate};
use packet_plane_core::demux::{self, DatagramKind};
use packet_plane_core::srtp::{SrtpProfile, SrtpReceiver, SrtpSender};
use packet_plane_udp::{Message, ReceiveBatch, Socket};

use crate::ice::{self, Agent};
use crate::sdp::Remote;

const PATIENCE: Duration = Duration::from_secs(20);
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// The certificate that all clients show: making one for each would only cost the generator.
pub fn certificate() -> &'static DtlsCertificate {
    static CERTIFICATE: OnceLock<DtlsCertificate> = OnceLock::new();
    CERTIFICATE
        .get_or_init(|| certificate::generate_self_signed_certificate().expect("P-256 works"))
}

pub fn fingerprint() -> String {
    certificate::format_fingerprint(&certificate().fingerprint())
}

/// Keys of both directions.
pub struct Keys {
    pub sender: SrtpSender,
    pub receiver: SrtpReceiver,
}

/// Check the path, then shake hands.
///
/// # Errors
/// Says what did not come or does not fit.
pub fn connect(socket: &Socket, agent: &Agent, remote: &Remote) -> Result<Keys, String> {
    let mut handshake = Handshake {
        socket,
        remote,
        agent,
        incoming: ReceiveBatch::default(),
        out: vec![0; 2048],
        deadline: Instant::now() + PATIENCE,
    };
    handshake.check_path()?;
    handshake.shake_hands()
}

struct Handshake<'a> {
    socket: &'a Socket,
    remote: &'a Remote,
    agent: &'a Agent,
    incoming: ReceiveBatch,
    out: Vec<u8>,
    deadline: Instant,
}

impl Handshake<'_> {
    fn check_path(&mut self) -> Result<(), String> {
        let mut request = Vec::new();
        while Instant::now() < self.deadline {
            self.agent.write_check(&mut request);
            send(self.socket, self.remote.address, &request);
            let mut is_proven = false;
            self.take(CHECK_INTERVAL, |_, datagram| {
                is_proven |= ice::is_success(datagram)
            });
            if is_proven {
                return Ok(());
            }
        }
        Err(format!("{} answers no check", self.remote.address))
    }

    fn shake_hands(&mut self) -> Result<Keys, String> {
        let config = Arc::new(Config::default());
        let mut dtls = Dtls::new_12(config, certificate().clone(), Instant::now());
        let is_client = !self.remote.is_dtls_client;
        dtls.set_active(is_client);
        // A client begins on its first time-out.
        dtls.handle_timeout(Instant::now())
            .map_err(|error| error.to_string())?;
        let mut progress = Progress::default();
        while Instant::now() < self.deadline {
            let wait = self.drain(&mut dtls, &mut progress)?;
            if progress.is_connected
                && let Some((profile, material)) = &progress.material
            {
                return split(*profile, material, is_client);
            }
            let mut failure = None;
            self.take(wait, |kind, datagram| {
                if kind == DatagramKind::Dtls {
                    failure = dtls.handle_packet(datagram).err();
                }
            });
            if let Some(error) = failure {
                return Err(format!("DTLS: {error}"));
            }
            dtls.handle_timeout(Instant::now())
                .map_err(|error| error.to_string())?;
        }
        Err("the DTLS handshake did not end".into())
    }

    /// Send what DTLS has to send; returns how long it can wait.
    fn drain(&mut self, dtls: &mut Dtls, progress: &mut Progress) -> Result<Duration, String> {
        loop {
            match dtls.poll_output(&mut self.out) {
                Output::Packet(bytes) => send(self.socket, self.remote.address, bytes),
                Output::PeerCert(der) => {
                    let seen =
                        certificate::format_fingerprint(&certificate::calculate_fingerprint(der));
                    if !seen.eq_ignore_ascii_case(&self.remote.fingerprint) {
                        return Err("the certificate is not the one that was signalled".into());
                    }
                }
                Output::KeyingMaterial(material, profile) => {
                    progress.material = Some((profile_of(profile)?, material.to_vec()));
                }
                Output::Connected => progress.is_connected = true,
                Output::Timeout(at) => {
                    let wait = at.saturating_duration_since(Instant::now());
                    return Ok(wait.min(Duration::from_millis(100)));
                }
                // Application data, which nobody sends.
                _ => {}
            }
        }
    }

    fn take(&mut self, wait: Duration, mut each: impl FnMut(DatagramKind, &[u8])) {
        if !wait_readable(self.socket, wait) {
            return;
        }
        let mut answer = Vec::new();
        while self.socket.receive(&mut self.incoming).unwrap_or(0) > 0 {
            for (source, datagram) in self.incoming.datagrams() {
                let Some(kind) = demux::classify(datagram) else {
                    continue;
                };
                if kind == DatagramKind::Stun && self.agent.answer(datagram, source, &mut answer) {
                    send(self.socket, source, &answer);
                }
                each(kind, datagram);
            }
        }
    }
}

#[derive(Default)]
struct Progress {
    is_connected: bool,
    material: Option<(SrtpProfile, Vec<u8>)>,
}

fn profile_of(profile: dimpl::SrtpProfile) -> Result<SrtpProfile, String> {
    match profile {
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Ok(SrtpProfile::AeadAes128Gcm),
        dimpl::SrtpProfile::AEAD_AES_256_GCM => Ok(SrtpProfile::AeadAes256Gcm),
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Ok(SrtpProfile::Aes128CmSha1_80),
        other => Err(format!("the server chose {other:?}")),
    }
}

/// Client key, server key, client salt, server salt (RFC 5764 section 4.2).
fn split(profile: SrtpProfile, material: &[u8], is_client: bool) -> Result<Keys, String> {
    let (key_len, salt_len) = (profile.key_len(), profile.salt_len());
    if material.len() < 2 * (key_len + salt_len) {
        return Err("too little keying material".into());
    }
    let (keys, salts) = material.split_at(2 * key_len);
    let client = (&keys[..key_len], &salts[..salt_len]);
    let server = (&keys[key_len..], &salts[salt_len..2 * salt_len]);
    let (own, other) = if is_client {
        (client, server)
    } else {
        (server, client)
    };
    Ok(Keys {
        sender: SrtpSender::new(profile, own.0, own.1).map_err(|error| error.to_string())?,
        receiver: SrtpReceiver::new(profile, other.0, other.1)
            .map_err(|error| error.to_string())?,
    })
}

pub fn send(socket: &Socket, destination: SocketAddr, bytes: &[u8]) {
    let segment_len = bytes.len();
    // What loopback does not take is retransmitted by whoever needs it.
    let _ = socket.send(&[Message {
        destination,
        bytes,
        segment_len,
    }]);
}

fn wait_readable(socket: &Socket, wait: Duration) -> bool {
    let mut poll = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let wait_ms = wait.as_millis() as libc::c_int + 1;
    // SAFETY: one pollfd on this frame.
    unsafe { libc::poll(&raw mut poll, 1, wait_ms) > 0 }
}
