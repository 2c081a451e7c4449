//! The worker as the media node runs it: a meeting of one publisher and its viewers.

use std::net::SocketAddr;
use std::sync::Arc;

use packet_plane_core::codec::MediaKind;
use packet_plane_core::command::{Command, SlotParameters, TrackParameters};
use packet_plane_core::quantities::{MeetingId, SlotId, Ssrc, TrackId, TransportId};
use packet_plane_worker::{EventQueue, Worker};

use crate::generator::{Generator, Load};
use crate::{Figure, session};

const TRACK: TrackId = TrackId(1);

pub struct Forwarder {
    worker: Worker,
    generator: Generator,
    events: Arc<EventQueue>,
}

impl Forwarder {
    pub fn start(viewers: usize) -> Self {
        let events = Arc::new(EventQueue::new().expect("a descriptor"));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let worker = Worker::start(0, address, None, Arc::clone(&events)).expect("a free port");
        let mut commands: Vec<Command> = (0..=viewers as u64).flat_map(join).collect();
        commands.push(publish());
        commands.extend((1..=viewers as u64).flat_map(view));
        worker.submit(commands).expect("room");
        worker.snapshot().expect("the worker answers");
        let generator = Generator::new(viewers);
        Forwarder {
            worker,
            generator,
            events,
        }
    }

    pub fn measure(&mut self, load: &Load) -> Figure {
        self.generator.prove(self.worker.local_address());
        while !self.events.take(usize::MAX).is_empty() {}
        let before = self.worker.snapshot().expect("the worker answers").cpu_ns;
        let (delivered, expected) = self.generator.run(self.worker.local_address(), load);
        let after = self.worker.snapshot().expect("the worker answers").cpu_ns;
        Figure {
            cpu_ns: after - before,
            delivered,
            lost: expected - delivered,
        }
    }
}

fn join(client: u64) -> [Command; 2] {
    let transport = TransportId(client);
    let add = Command::AddTransport {
        transport,
        meeting: MeetingId(1),
        local_ufrag: session::ufrag(client),
        local_password: session::PASSWORD.into(),
    };
    let keys = Command::SetSrtpKeys {
        transport,
        profile: session::PROFILE,
        local: session::key(client, 1),
        remote: session::key(client, 2),
    };
    [add, keys]
}

fn publish() -> Command {
    Command::AddTrack(TrackParameters {
        track: TRACK,
        transport: TransportId(session::PUBLISHER),
        kind: MediaKind::Video,
        mid: Some("0".into()),
        rids: Vec::new(),
        ssrcs: vec![session::SSRC],
        codecs: vec![session::vp8()],
        extensions: session::extensions(),
    })
}

fn view(client: u64) -> [Command; 2] {
    let slot = SlotId(client);
    let add = Command::AddSlot(SlotParameters {
        slot,
        transport: TransportId(client),
        kind: MediaKind::Video,
        mid: "0".into(),
        ssrc: Ssrc(0x5000 + client as u32),
        rtx_ssrc: Some(Ssrc(0x9000 + client as u32)),
        codecs: vec![session::vp8()],
        extensions: session::extensions(),
        cname: "bench".into(),
    });
    let assign = Command::AssignSlot {
        slot,
        track: Some(TRACK),
    };
    [add, assign]
}
