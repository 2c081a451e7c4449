//! A whole plane under sequences of commands and datagrams: nothing breaks it, and strangers get no byte.
//!
//! The input is a program: one byte names a step, the bytes after it are its operands. Packets of clients are
//! sealed with their keys here, so that the bytes behind the encryption are the fuzzer's too.

mod session;
mod taps;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::command::{Command, SlotParameters, TrackParameters};
use packet_plane_core::layer_selector::LayerTarget;
use packet_plane_core::quantities::{
    ExtendedSequenceNumber, Instant, MeetingId, SlotId, Ssrc, TapId, TrackId, TransportId,
};
use packet_plane_core::srtp::SrtpSender;
use packet_plane_core::stun;
use packet_plane_core::transmit::TransmitBatch;

use session::{CLIENTS, PASSWORD, PROFILES, address, codecs, extensions, kind_of, local_key, remote_key};
use taps::{Readers, TAPS};

/// Steps of one program at most: an input of many empty steps says nothing new.
const MAX_STEPS: usize = 400;
/// Step bytes from here on are those of [`Run::rare_step`].
const FIRST_RARE_STEP: u8 = 240;

/// Run a program; panics when the plane does, or when bytes go to an address that has not proven itself.
pub fn plane(program: &[u8]) {
    Run::new(program).go();
}

/// The commands that a program gives and the records that it reads from taps, by their names.
pub fn reached(program: &[u8]) -> BTreeSet<String> {
    let mut run = Run::new(program);
    run.reached = Some(BTreeSet::new());
    run.go();
    run.reached.unwrap_or_default()
}

/// The rest of the program; reading beyond its end gives zeros.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// A length byte and that many bytes, or what is left.
    fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }
}

struct Run<'a> {
    input: Input<'a>,
    plane: Plane,
    batch: TransmitBatch,
    now: Instant,
    proven: BTreeSet<SocketAddr>,
    senders: Vec<SrtpSender>,
    /// How often keys have changed.
    change: u8,
    readers: Readers,
    reached: Option<BTreeSet<String>>,
}

impl<'a> Run<'a> {
    fn new(program: &'a [u8]) -> Self {
        Run {
            input: Input(program),
            plane: Plane::default(),
            batch: TransmitBatch::default(),
            now: Instant::from_millis(1_000),
            proven: BTreeSet::new(),
            senders: (0..CLIENTS).map(|client| sender(0, client, 0)).collect(),
            change: 0,
            readers: Readers::default(),
            reached: None,
        }
    }

    fn go(&mut self) {
        for _ in 0..MAX_STEPS {
            if self.input.0.is_empty() {
                break;
            }
            self.step();
            self.drain();
        }
        (0..TAPS).for_each(|tap| self.read_tap(TapId(tap.into()), usize::MAX));
        let _ = self.plane.snapshot();
    }

    fn step(&mut self) {
        match self.input.byte() {
            FIRST_RARE_STEP.. => self.rare_step(),
            step => self.usual_step(step % 16),
        }
    }

    fn rare_step(&mut self) {
        let choice = self.input.byte();
        match choice % 8 {
            0 => self.set_send_ceiling(),
            1 => self.change_keys(choice >> 3),
            _ => self.tap(choice),
        }
    }

    fn usual_step(&mut self, step: u8) {
        match step {
            0 => self.join(),
            1 => self.prove(),
            2 => self.add_track(),
            3 => self.add_slot(),
            4 => self.assign(),
            5 => self.remove(),
            6 => self.set_audio_slots(),
            7..=11 => self.send_rtp(),
            12 => self.send_rtcp(),
            13 => self.send_junk(),
            14 => self.change_transport(),
            _ => self.pass_time(),
        }
    }

    fn command(&mut self, command: Command) {
        self.note(&command);
        self.plane.handle_command(self.now, command);
    }

    fn note(&mut self, what: &impl Debug) {
        if let Some(reached) = &mut self.reached {
            let name = format!("{what:?}");
            let end = name.find(|letter: char| !letter.is_alphanumeric());
            reached.insert(name[..end.unwrap_or(name.len())].into());
        }
    }

    fn client(&mut self) -> u8 {
        self.input.byte() % CLIENTS
    }

    /// A client, and which header extensions it does without.
    fn client_and_missing(&mut self) -> (u8, u8) {
        let choice = self.input.byte();
        (choice % CLIENTS, choice / CLIENTS)
    }

    fn join(&mut self) {
        let client = self.client();
        self.command(Command::AddTransport {
            transport: TransportId(client.into()),
            meeting: MeetingId(u64::from(client) / 3),
            local_ufrag: format!("user{client}"),
            local_password: PASSWORD.into(),
        });
        self.set_keys(0, client, 0);
    }

    fn set_keys(&mut self, profile: usize, client: u8, change: u8) {
        self.senders[usize::from(client)] = sender(profile, client, change);
        let profile = PROFILES[profile];
        self.command(Command::SetSrtpKeys {
            transport: TransportId(client.into()),
            profile,
            local: local_key(profile, client, change),
            remote: remote_key(profile, client, change),
        });
    }

    /// A handshake again on the same transport.
    fn change_keys(&mut self, choice: u8) {
        self.change = self.change % 63 + 1;
        let profile = usize::from(choice) % PROFILES.len();
        let client = self.client();
        self.set_keys(profile, client, self.change);
    }

    fn set_send_ceiling(&mut self) {
        let transport = TransportId(self.client().into());
        let wanted_bps = u64::from(self.input.number()) << (self.input.byte() % 49);
        self.command(Command::SetSendCeiling {
            transport,
            wanted_bps,
        });
    }

    fn prove(&mut self) {
        let client = self.client();
        let source = address(self.input.byte());
        let mut request = Vec::new();
        let username = format!("user{client}:them");
        stun::write_binding_request(
            &username,
            &stun::integrity_key(PASSWORD),
            [client; 12],
            &mut request,
        );
        self.proven.insert(source);
        self.plane.handle_datagram(self.now, source, &request);
    }

    fn add_track(&mut self) {
        let choice = self.input.byte();
        let kind = kind_of(choice);
        let (client, missing) = self.client_and_missing();
        let ssrcs = match choice & 2 {
            0 => Vec::new(),
            _ => vec![Ssrc(self.input.byte().into()), Ssrc(self.input.byte().into())],
        };
        self.command(Command::AddTrack(TrackParameters {
            track: TrackId(u64::from(choice >> 4)),
            transport: TransportId(client.into()),
            kind,
            mid: (choice & 4 == 0).then(|| format!("{}", choice >> 4)),
            rids: match choice & 8 {
                0 => Vec::new(),
                _ => ["q", "h", "f"].map(String::from).to_vec(),
            },
            ssrcs,
            codecs: codecs(kind),
            extensions: extensions(missing),
        }));
    }

    fn add_slot(&mut self) {
        let choice = self.input.byte();
        let kind = kind_of(choice);
        let (client, missing) = self.client_and_missing();
        self.command(Command::AddSlot(SlotParameters {
            slot: SlotId(u64::from(choice >> 3)),
            transport: TransportId(client.into()),
            kind,
            mid: "s".into(),
            ssrc: Ssrc(0x5000 + u32::from(choice >> 3)),
            rtx_ssrc: (choice & 2 != 0).then_some(Ssrc(0x9000 + u32::from(choice >> 3))),
            codecs: codecs(kind),
            extensions: extensions(missing),
            cname: "node".into(),
        }));
    }

    fn assign(&mut self) {
        let slot = SlotId(u64::from(self.input.byte() >> 3));
        let track = self.input.byte();
        if track & 8 != 0 {
            return self.select_layer(slot, track);
        }
        let track = (track != 0xff).then_some(TrackId(u64::from(track >> 4)));
        self.command(Command::AssignSlot { slot, track });
    }

    fn select_layer(&mut self, slot: SlotId, choice: u8) {
        let target = (choice & 4 == 0).then_some(LayerTarget {
            spatial: choice & 3,
            temporal: choice >> 6,
        });
        self.command(Command::SelectLayer { slot, target });
    }

    fn remove(&mut self) {
        let which = self.input.byte();
        let id = u64::from(self.input.byte());
        self.command(match which % 4 {
            0 => Command::RemoveTrack {
                track: TrackId(id >> 4),
            },
            1 => Command::RemoveSlot {
                slot: SlotId(id >> 3),
            },
            2 => Command::SetTrackMuted {
                track: TrackId(id >> 4),
                muted: which & 4 != 0,
            },
            _ => Command::RemoveTransport {
                transport: TransportId(id % u64::from(CLIENTS)),
            },
        });
    }

    fn set_audio_slots(&mut self) {
        let transport = TransportId(self.client().into());
        let slots = self.input.bytes().iter().map(|slot| SlotId(u64::from(slot >> 3)));
        let slots = slots.collect();
        self.command(Command::SetAudioSlots { transport, slots });
    }

    fn change_transport(&mut self) {
        let transport = TransportId(self.client().into());
        let command = match self.input.byte() % 3 {
            0 => Command::RestartIce {
                transport,
                local_ufrag: format!("user{}", transport.0),
                local_password: PASSWORD.into(),
            },
            1 => {
                let address = address(self.input.byte());
                // Checks go there because the caller says so.
                self.proven.insert(address);
                Command::ConnectTransport {
                    transport,
                    address,
                    remote_ufrag: "them".into(),
                    remote_password: PASSWORD.into(),
                }
            }
            _ => Command::SendDtls {
                transport,
                datagram: self.input.bytes().to_vec(),
            },
        };
        self.command(command);
    }

    fn send_rtp(&mut self) {
        let client = self.client();
        let source = address(self.input.byte());
        let (flags, payload_type, ssrc) = (self.input.byte(), self.input.byte(), self.input.byte());
        let sequence = ExtendedSequenceNumber(u64::from(self.input.number()));
        let timestamp = u32::from(self.input.number()) << 8;
        let mut packet = vec![0x80 | (flags & 0x30), payload_type];
        packet.extend_from_slice(&sequence.sequence_number().to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&u32::from(ssrc).to_be_bytes());
        if flags & 0x10 != 0 {
            let block = self.input.bytes();
            let words = block.len().div_ceil(4);
            packet.extend_from_slice(if flags & 1 == 0 { &[0xbe, 0xde] } else { &[0x10, 0] });
            packet.extend_from_slice(&(words as u16).to_be_bytes());
            packet.extend_from_slice(block);
            packet.resize(16 + words * 4, 0);
        }
        let payload = self.input.bytes();
        let header_len = packet.len();
        packet.resize(header_len + payload.len() + 64, 0);
        let sender = &self.senders[usize::from(client)];
        let sealed = sender.protect_rtp(Ssrc(ssrc.into()), sequence, header_len, payload, &[], &mut packet);
        if let Ok(len) = sealed {
            self.plane.handle_datagram(self.now, source, &packet[..len]);
        }
    }

    fn send_rtcp(&mut self) {
        let client = self.client();
        let source = address(self.input.byte());
        let compound = self.input.bytes();
        let mut sealed = vec![0; compound.len() + 64];
        if let Ok(len) = self.senders[usize::from(client)].protect_rtcp(compound, &mut sealed) {
            self.plane.handle_datagram(self.now, source, &sealed[..len]);
        }
    }

    fn send_junk(&mut self) {
        let source = address(self.input.byte());
        let datagram = self.input.bytes();
        self.plane.handle_datagram(self.now, source, datagram);
    }

    fn pass_time(&mut self) {
        let step = u64::from(self.input.byte());
        self.now = self.now + Duration::from_millis(step * step);
        self.plane.handle_timeout(self.now);
    }

    fn drain(&mut self) {
        while self.plane.poll_transmit(self.now, &mut self.batch) {
            for (destination, datagram) in self.batch.datagrams() {
                assert!(self.proven.contains(&destination), "{destination} is a stranger");
                assert!(!datagram.is_empty());
            }
            self.batch.clear();
        }
        while self.plane.poll_event().is_some() {}
    }
}

fn sender(profile: usize, client: u8, change: u8) -> SrtpSender {
    let profile = PROFILES[profile];
    let made_of = remote_key(profile, client, change);
    SrtpSender::new(profile, &made_of.key, &made_of.salt).expect("lengths fit")
}
