//! One connection: str0m's state machine between a UDP socket and the frames of the plan.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use str0m::bwe::{Bitrate, BweKind};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{
    Direction, Frequency, KeyframeRequest, MediaData, MediaTime, Mid, Simulcast, SimulcastLayer,
};
use str0m::net::{Protocol, Receive};
use str0m::stats::{MediaEgressStats, MediaIngressStats};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};

use crate::plan::{Counts, Plan, Said};
use crate::streams::Stream;
use crate::{Failure, say};

/// The end of the input is looked for this often.
const TICK: Duration = Duration::from_millis(20);
const STATS_INTERVAL: Duration = Duration::from_millis(250);
const LARGEST_DATAGRAM: usize = 2_048;
/// From there the estimate leaves only by the feedback of the other side.
const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(3);
const WANTED: Bitrate = Bitrate::mbps(8);
const LOUDNESS_DBOV: i8 = -20;

pub struct Peer {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    socket: UdpSocket,
    address: SocketAddr,
    /// By the number of the m-line: those that send, then those that receive.
    mids: Vec<Mid>,
    streams: Vec<Stream>,
    started: Instant,
    outgoing: Loss,
    incoming: Loss,
    ended: Option<String>,
}

impl Peer {
    /// A client with its offer.
    pub fn new(mut plan: Plan) -> Result<(Peer, String), Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        let started = Instant::now();
        let mut rtc = config(&plan)?.build(started);
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        rtc.bwe().set_desired_bitrate(WANTED);
        let mut changes = rtc.sdp_api();
        let mut mids = Vec::new();
        for sending in &plan.sends {
            let rids = sending.layers.iter().filter_map(|layer| layer.rid.as_deref());
            let send: Vec<_> = rids.map(SimulcastLayer::new).collect();
            let simulcast = (!send.is_empty()).then(|| Simulcast {
                send,
                recv: Vec::new(),
            });
            mids.push(changes.add_media(sending.kind.into(), Direction::SendOnly, None, None, simulcast));
        }
        for kind in &plan.receives {
            mids.push(changes.add_media((*kind).into(), Direction::RecvOnly, None, None, None));
        }
        let (offer, pending) = changes.apply().ok_or("the plan has no media")?;
        let peer = Peer {
            rtc,
            pending: Some(pending),
            socket,
            address,
            mids,
            streams: Stream::all_of(&mut plan),
            started,
            outgoing: Loss::every(plan.lose_outgoing_every),
            incoming: Loss::every(plan.lose_incoming_every),
            ended: None,
        };
        Ok((peer, offer.to_sdp_string()))
    }

    pub fn take(&mut self, answer: &str) -> Result<(), Failure> {
        let pending = self.pending.take().ok_or("there is an answer already")?;
        let answer = SdpAnswer::from_sdp_string(answer)?;
        Ok(self.rtc.sdp_api().accept_answer(pending, answer)?)
    }

    /// Until the input ends or the connection does; says why.
    pub fn run(&mut self, told: &Receiver<String>) -> Result<String, Failure> {
        let mut buffer = vec![0; LARGEST_DATAGRAM];
        loop {
            let deadline = self.drain()?;
            if let Some(reason) = self.ended.take() {
                return Ok(reason);
            }
            if told.try_recv() == Err(TryRecvError::Disconnected) {
                return Ok("told to".to_owned());
            }
            if !self.publish()? {
                self.wait(deadline, &mut buffer)?;
            }
        }
    }

    /// Everything out; returns when the state machine wants to be asked again.
    fn drain(&mut self) -> Result<Instant, Failure> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => return Ok(at),
                Output::Transmit(packet) => {
                    if !self.outgoing.takes(&packet.contents) {
                        self.socket.send_to(&packet.contents, packet.destination)?;
                    }
                }
                Output::Event(event) => self.handle(event)?,
            }
        }
    }

    fn wait(&mut self, deadline: Instant, buffer: &mut [u8]) -> Result<(), Failure> {
        let due_in = self
            .streams
            .iter()
            .map(Stream::due_at)
            .min()
            .unwrap_or(Duration::MAX);
        let wait = deadline.saturating_duration_since(Instant::now());
        let wait = wait.min(due_in.saturating_sub(self.started.elapsed())).min(TICK);
        // A socket takes no timeout of zero, and one that is due now would wait for the kernel's next tick.
        self.socket.set_nonblocking(wait.is_zero())?;
        if !wait.is_zero() {
            self.socket.set_read_timeout(Some(wait))?;
        }
        match self.socket.recv_from(buffer) {
            Ok((len, _)) if self.incoming.takes(&buffer[..len]) => {}
            Ok((len, source)) => {
                let contents = buffer[..len].try_into()?;
                let (proto, destination) = (Protocol::Udp, self.address);
                let received = Receive {
                    proto,
                    source,
                    destination,
                    contents,
                };
                self.rtc.handle_input(Input::Receive(Instant::now(), received))?;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.rtc.handle_input(Input::Timeout(Instant::now()))?)
    }

    /// Write one frame that is due; whether there was one.
    fn publish(&mut self) -> Result<bool, Failure> {
        let now = self.started.elapsed();
        for stream in &mut self.streams {
            let Some((due_at, data)) = stream.pop_due(now) else {
                continue;
            };
            // Before the connection is up there is nobody to write for.
            if !self.rtc.is_connected() {
                continue;
            }
            let Some(mut writer) = self.rtc.writer(self.mids[stream.line]) else {
                continue;
            };
            let chosen = writer
                .payload_params()
                .next()
                .map(|params| (params.pt(), params.spec().codec));
            let (payload_type, codec) = chosen.ok_or("no codec was agreed on")?;
            if let Some(rid) = &stream.rid {
                writer = writer.rid(rid.as_str().into());
            }
            let micros = due_at.as_micros() as u64;
            let time = if codec.is_audio() {
                writer = writer.audio_level(LOUDNESS_DBOV, true);
                MediaTime::new(micros * 48 / 1_000, Frequency::FORTY_EIGHT_KHZ)
            } else {
                MediaTime::from_90khz(micros * 9 / 100)
            };
            writer.write(payload_type, self.started + due_at, time, data)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn handle(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Connected => say(&Said::Connected),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.ended = Some("no answer to connectivity checks".to_owned());
                Ok(())
            }
            Event::Closed => {
                self.ended = Some("closed by the other side".to_owned());
                Ok(())
            }
            Event::MediaData(data) => self.say_frame(&data),
            Event::KeyframeRequest(request) => self.begin_anew(request),
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => say(&Said::Estimate {
                bps: estimate.as_u64(),
            }),
            Event::MediaEgressStats(stats) => say(&Said::Sent(self.sent(&stats))),
            Event::MediaIngressStats(stats) => say(&Said::Received(self.received(&stats))),
            _ => Ok(()),
        }
    }

    fn say_frame(&self, data: &MediaData) -> Result<(), Failure> {
        say(&Said::Frame {
            line: self.line(data.mid),
            codec: data.params.spec().codec.to_string().to_lowercase(),
            is_keyframe: data.is_keyframe(),
            is_contiguous: data.contiguous,
            rtp_seconds: data.time.as_seconds(),
            data: data.data.to_vec(),
        })
    }

    fn begin_anew(&mut self, request: KeyframeRequest) -> Result<(), Failure> {
        let line = self.line(request.mid);
        let rid = request.rid.map(|rid| rid.to_string());
        let now = self.started.elapsed();
        let streams = self.streams.iter_mut();
        for stream in streams.filter(|stream| stream.line == line && stream.rid == rid) {
            stream.begin_anew(now);
        }
        say(&Said::KeyframeRequested { line, rid })
    }

    fn sent(&self, stats: &MediaEgressStats) -> Counts {
        Counts {
            line: self.line(stats.mid),
            rid: stats.rid.map(|rid| rid.to_string()),
            packets: stats.packets,
            nacks: stats.nacks,
            plis: stats.plis,
            rtt_ms: stats.rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0),
            is_reported: stats.remote.is_some(),
        }
    }

    fn received(&self, stats: &MediaIngressStats) -> Counts {
        Counts {
            line: self.line(stats.mid),
            rid: stats.rid.map(|rid| rid.to_string()),
            packets: stats.packets,
            nacks: stats.nacks,
            plis: stats.plis,
            rtt_ms: stats.rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0),
            is_reported: stats.remote.is_some(),
        }
    }

    /// The number of the m-line; those that are not ours have none and come last.
    fn line(&self, mid: Mid) -> usize {
        self.mids
            .iter()
            .position(|one| *one == mid)
            .unwrap_or(self.mids.len())
    }
}

fn config(plan: &Plan) -> Result<RtcConfig, Failure> {
    let uses_red = plan.codecs.iter().any(|codec| codec == "red");
    let mut config = Rtc::builder()
        .clear_codecs()
        .set_stats_interval(Some(STATS_INTERVAL))
        .enable_bwe(Some(FIRST_ESTIMATE));
    for codec in &plan.codecs {
        config = match codec.as_str() {
            "opus" => config.enable_opus(true, uses_red),
            "red" => config,
            "vp8" => config.enable_vp8(true),
            "vp9" => config.enable_vp9(true),
            "h264" => config.enable_h264(true),
            "av1" => config.enable_av1(true),
            unknown => return Err(format!("{unknown} is no codec of this client").into()),
        };
    }
    Ok(config)
}

/// Loses every so manieth RTP packet; STUN, DTLS and RTCP pass (RFC 7983, RFC 5761).
struct Loss {
    every: u64,
    seen: u64,
}

impl Loss {
    fn every(every: u64) -> Loss {
        Loss { every, seen: 0 }
    }

    fn takes(&mut self, datagram: &[u8]) -> bool {
        let is_rtp = matches!(datagram, [128..=191, second, ..] if !(192..=223).contains(second));
        if !is_rtp || self.every == 0 {
            return false;
        }
        self.seen += 1;
        self.seen % self.every == 0
    }
}
