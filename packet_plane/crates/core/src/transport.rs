//! One client's connection: its ICE credentials, the addresses that proved themselves, its keys and feedback.

use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::hmac;
use rustc_hash::FxHashMap;

use crate::command::MasterKey;
use crate::congestion::Congestion;
use crate::nack_generator::Answer;
use crate::nomination::Nomination;
use crate::quantities::{Instant, MeetingId, Ssrc, TransportId};
use crate::repair_allowance::RepairAllowance;
use crate::reported_loss::Reported;
use crate::sender_clock::SenderClock;
use crate::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};
use crate::stun;
use crate::transport_cc_recorder::TransportCcRecorder;

/// Addresses a client may use at a time: interfaces times address families.
const MAX_ADDRESSES: usize = 8;
/// A client that never proves itself is given up after this.
const NEVER_CONNECTED: Duration = Duration::from_secs(30);
/// A client that checks no more before it has agreed on keys; a handshake is given up in the same time.
const NEVER_AGREED: Duration = Duration::from_secs(15);
/// Consent ends this long after the last valid check (RFC 7675 section 5.1). Browsers check each 5 s, some libraries each 25.
const CONSENT_LOST: Duration = Duration::from_secs(30);
/// A handshake takes about ten records; a client that sends many more must not crowd out the others' events.
const DTLS_PER_SECOND: u32 = 100;
/// Transport-wide feedback comes every 50 to 250 ms; reading a message costs as much as the packets it tells of.
const FEEDBACK_PER_SECOND: u32 = 100;
/// Lost packets that are looked for: as many as a browser keeps in mind (libwebrtc: 1,000) in one datagram, and in a second
/// what a third of 5,000 packets lost takes to be asked for twice. One datagram could name 5,780.
pub(crate) const ASKED_PER_DATAGRAM: usize = 1_000;
pub(crate) const ASKED_PER_SECOND: usize = 5_000;
/// Layers are measured over this long: about fifteen frames.
const LAYERS_INTERVAL: Duration = Duration::from_millis(500);
/// Streams a client may send: media and retransmission of what a browser publishes, many times over.
pub(crate) const MAX_ROUTES: usize = 256;
const MAX_ROUND_TRIP: Duration = Duration::from_secs(5);
const ASSUMED_ROUND_TRIP: Duration = Duration::from_millis(100);
/// Between two sendings of one packet at least, whatever round trip a client claims; browsers ask no more often.
const LEAST_RESEND_INTERVAL: Duration = Duration::from_millis(20);

/// Between checks of a server that has not answered yet.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// Consent is renewed within 5 s (RFC 7675 section 5.1).
const CONSENT_INTERVAL: Duration = Duration::from_secs(4);
/// Checks whose answers are still awaited: a round trip of a second and more.
const CHECKS_AWAITED: u32 = 16;

/// The server that a transport is the client of.
pub(crate) struct Server {
    pub address: SocketAddr,
    pub key: hmac::Key,
    username: String,
    checks: u32,
    check_due: Instant,
}

impl Server {
    pub fn new(now: Instant, address: SocketAddr, username: String, password: &str) -> Self {
        Server {
            address,
            key: stun::integrity_key(password),
            username,
            checks: 0,
            check_due: now,
        }
    }

    /// Whether a datagram is from it; a socket of all addresses marks sources with where they came to (`udp/local.rs`).
    pub fn is_at(&self, source: SocketAddr) -> bool {
        let place = |address: SocketAddr| (address.ip().to_canonical(), address.port());
        place(source) == place(self.address)
    }

    /// Write the check that is due, if one is; its transaction names the transport.
    fn poll_check(&mut self, now: Instant, id: TransportId, is_answered: bool) -> Option<Vec<u8>> {
        if now < self.check_due {
            return None;
        }
        self.check_due = now
            + if is_answered {
                CONSENT_INTERVAL
            } else {
                CHECK_INTERVAL
            };
        self.checks = self.checks.wrapping_add(1);
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&id.0.to_be_bytes());
        transaction[8..].copy_from_slice(&self.checks.to_be_bytes());
        let mut request = Vec::with_capacity(96);
        stun::write_binding_request(&self.username, &self.key, transaction, &mut request);
        Some(request)
    }

    /// Whether the check that a transaction names is one whose answer is awaited.
    pub fn awaits(&self, transaction: [u8; 12]) -> bool {
        let [.., a, b, c, d] = transaction;
        let age = self.checks.wrapping_sub(u32::from_be_bytes([a, b, c, d]));
        age < CHECKS_AWAITED.min(self.checks)
    }
}

/// The transport that the check of a transaction was written for.
pub(crate) fn checked_by(transaction: [u8; 12]) -> TransportId {
    let [a, b, c, d, e, f, g, h, ..] = transaction;
    TransportId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

/// Which track a stream belongs to, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamRoute {
    pub track: usize,
    pub encoding: u8,
    pub is_rtx: bool,
}

/// Keys of both directions.
pub(crate) struct Srtp {
    pub receiver: SrtpReceiver,
    pub sender: SrtpSender,
    /// What these were made of, local then remote.
    pub made_of: (SrtpProfile, MasterKey, MasterKey),
}

/// Traffic of one transport since its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransportCounters {
    pub packets_received: u64,
    pub bytes_received: u64,
    pub packets_sent: u64,
    pub bytes_sent: u64,
    /// Loss that the client reports of all that it receives, in 1/256: of the last second with a report.
    pub fraction_lost: u8,
}

pub(crate) struct Transport {
    pub id: TransportId,
    pub meeting: MeetingId,
    pub local_ufrag: String,
    ice_key: hmac::Key,
    /// The fragment and the key from before the last restart. Chromium checks a path that it tried before it had the
    /// answer with these for good, and makes no other between the same two addresses.
    former: Option<(String, hmac::Key)>,
    /// `None` where the remote is the client, as it is of browsers.
    pub server: Option<Server>,
    /// What the client has reported in this second.
    pub reported: Reported,
    /// The client's clock on the plane's.
    pub sender_clock: SenderClock,
    pub addresses: Vec<SocketAddr>,
    /// Where to send, once an address has proven itself.
    pub active: Option<SocketAddr>,
    pub nomination: Nomination,
    pub srtp: Option<Srtp>,
    pub routes: FxHashMap<Ssrc, StreamRoute>,
    /// Streams whose track went away: under the same keys an SSRC goes on with its rollover counter and window.
    pub parked: FxHashMap<Ssrc, StreamState>,
    pub tracks: Vec<usize>,
    pub slots: Vec<usize>,
    pub audio_slots: Vec<usize>,
    pub recorder: TransportCcRecorder,
    pub report_due: Instant,
    layers_due: Instant,
    pub round_trip: Option<Duration>,
    /// Whether reports have told it.
    is_round_trip_reported: bool,
    pub counters: TransportCounters,
    pub congestion: Congestion,
    dtls_allowance: u32,
    feedback_allowance: u32,
    /// Lost packets that may be asked for before the next second, and with the datagram that is read.
    pub asked_allowance: usize,
    datagram_allowance: usize,
    /// What may be sent again.
    pub repair_allowance: RepairAllowance,
    alive_at: Instant,
    was_connected: bool,
    timed_out: bool,
}

impl Transport {
    pub fn new(
        now: Instant,
        id: TransportId,
        meeting: MeetingId,
        local_ufrag: String,
        password: &str,
    ) -> Self {
        Transport {
            id,
            meeting,
            local_ufrag,
            ice_key: stun::integrity_key(password),
            former: None,
            server: None,
            reported: Reported::default(),
            sender_clock: SenderClock::default(),
            addresses: Vec::new(),
            active: None,
            nomination: Nomination::default(),
            srtp: None,
            routes: FxHashMap::default(),
            parked: FxHashMap::default(),
            tracks: Vec::new(),
            slots: Vec::new(),
            audio_slots: Vec::new(),
            recorder: TransportCcRecorder::default(),
            report_due: now,
            layers_due: now,
            round_trip: None,
            is_round_trip_reported: false,
            counters: TransportCounters::default(),
            congestion: Congestion::default(),
            dtls_allowance: DTLS_PER_SECOND,
            feedback_allowance: FEEDBACK_PER_SECOND,
            asked_allowance: ASKED_PER_SECOND,
            datagram_allowance: ASKED_PER_DATAGRAM,
            repair_allowance: RepairAllowance::default(),
            alive_at: now,
            was_connected: false,
            timed_out: false,
        }
    }

    /// Take new credentials beside the last ones; returns the fragment that holds no longer.
    pub fn restart_ice(&mut self, ufrag: String, password: &str) -> Option<String> {
        self.nomination.restart();
        let ufrag = std::mem::replace(&mut self.local_ufrag, ufrag);
        let key = std::mem::replace(&mut self.ice_key, stun::integrity_key(password));
        self.former.replace((ufrag, key)).map(|(ufrag, _)| ufrag)
    }

    /// The key of checks that name this fragment.
    pub fn ice_key(&self, ufrag: &str) -> &hmac::Key {
        match &self.former {
            Some((former, key)) if former == ufrag => key,
            _ => &self.ice_key,
        }
    }

    /// Fragments that checks may name.
    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        let former = self.former.iter().map(|(ufrag, _)| ufrag.as_str());
        former.chain([self.local_ufrag.as_str()])
    }

    /// Note an authentic binding request; returns an address that was given up to make room.
    pub fn handle_consent(&mut self, now: Instant, source: SocketAddr) -> Option<SocketAddr> {
        self.alive_at = now;
        self.was_connected = true;
        self.timed_out = false;
        if self.addresses.contains(&source) {
            return None;
        }
        self.addresses.push(source);
        (self.addresses.len() > MAX_ADDRESSES).then(|| {
            let oldest = self
                .addresses
                .iter()
                .position(|address| Some(*address) != self.active)
                .unwrap_or(0);
            self.addresses.remove(oldest)
        })
    }

    /// The check of its server that is due now, and where it goes.
    pub fn poll_check(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        let is_answered = self.active.is_some();
        let server = self.server.as_mut()?;
        let check = server.poll_check(now, self.id, is_answered)?;
        Some((server.address, check))
    }

    /// Whether the client has been silent for too long; true once each time. From then on nothing is sent to it until it
    /// checks again; a server has to be connected to anew.
    pub fn poll_timed_out(&mut self, now: Instant) -> bool {
        let patience = match (self.was_connected, &self.srtp) {
            (false, _) => NEVER_CONNECTED,
            (true, None) => NEVER_AGREED,
            (true, Some(_)) => CONSENT_LOST,
        };
        let is_over = !self.timed_out && now.since(self.alive_at) >= patience;
        self.timed_out |= is_over;
        if is_over && self.was_connected {
            (self.active, self.server) = (None, None);
            self.congestion.pacer.forget_all();
        }
        is_over
    }

    /// Keep what is known of streams that no track carries any more.
    pub fn park(&mut self, states: Vec<(Ssrc, StreamState)>) {
        for (ssrc, state) in states {
            if self.parked.len() < MAX_ROUTES {
                self.parked.insert(ssrc, state);
            }
        }
    }

    /// Whether one more DTLS record may be told to the caller before the next second.
    pub fn may_tell_dtls(&mut self) -> bool {
        let is_allowed = self.dtls_allowance > 0;
        self.dtls_allowance = self.dtls_allowance.saturating_sub(1);
        is_allowed
    }

    /// Whether one more message of transport-wide feedback may be read before the next second.
    pub fn may_tell_arrivals(&mut self) -> bool {
        let is_allowed = self.feedback_allowance > 0;
        self.feedback_allowance = self.feedback_allowance.saturating_sub(1);
        is_allowed
    }

    /// Another datagram is read.
    pub fn begin_datagram(&mut self) {
        self.datagram_allowance = ASKED_PER_DATAGRAM;
    }

    /// How many lost packets may be looked for now.
    pub fn askable(&self) -> usize {
        self.asked_allowance.min(self.datagram_allowance)
    }

    /// So many have been.
    pub fn note_asked(&mut self, count: usize) {
        self.asked_allowance = self.asked_allowance.saturating_sub(count);
        self.datagram_allowance = self.datagram_allowance.saturating_sub(count);
    }

    /// A second has passed: what was reported in it is the loss from now on, where anything was.
    pub fn count_reported(&mut self) {
        if let Some(share) = std::mem::take(&mut self.reported).share() {
            self.counters.fraction_lost = share;
        }
    }

    /// A second has passed.
    pub fn renew_allowances(&mut self) {
        self.asked_allowance = ASKED_PER_SECOND;
        self.dtls_allowance = DTLS_PER_SECOND;
        self.feedback_allowance = FEEDBACK_PER_SECOND;
        self.repair_allowance.renew();
    }

    /// Whether to look at the layers of its tracks now.
    pub fn poll_layers(&mut self, now: Instant) -> bool {
        let is_due = now >= self.layers_due;
        if is_due {
            self.layers_due = now + LAYERS_INTERVAL;
        }
        is_due
    }

    /// Note the round trip that a report block implies (RFC 3550 section 6.4.1).
    pub fn handle_round_trip(&mut self, round_trip: Duration) {
        if !std::mem::replace(&mut self.is_round_trip_reported, true) {
            self.round_trip = None;
        }
        self.note_round_trip(round_trip);
    }

    /// Note how long its answer to a request for a lost packet took. Who is sent nothing reports nothing, so that this is
    /// all that is known of its path. Where it was asked more than once the first answer says at most how long one takes:
    /// enough to ask so seldom that the next one is sure (Karn and Partridge 1987).
    pub fn handle_answer(&mut self, answer: Answer) {
        if !self.is_round_trip_reported && (answer.is_sole || self.round_trip.is_none()) {
            self.note_round_trip(answer.took);
        }
    }

    fn note_round_trip(&mut self, round_trip: Duration) {
        if round_trip <= MAX_ROUND_TRIP {
            let last = self.round_trip.unwrap_or(round_trip);
            self.round_trip = Some((last * 7 + round_trip) / 8);
        }
    }

    /// How long a packet that has been sent again is on its way.
    pub fn resend_interval(&self) -> Duration {
        self.assumed_round_trip().max(LEAST_RESEND_INTERVAL)
    }

    /// Round trip for spacing retries.
    pub fn assumed_round_trip(&self) -> Duration {
        self.round_trip.unwrap_or(ASSUMED_ROUND_TRIP)
    }
}
