//! Commands: what exists, who carries what. Doing one again changes nothing.

use std::net::SocketAddr;

use super::{Meeting, Plane};
use crate::arriving::Arriving;
use crate::codec::MediaKind;
use crate::command::{Command, MasterKey, SlotParameters, TrackParameters};
use crate::drop_reason::DropReason;
use crate::keyframe_throttle::Why;
use crate::quantities::{Instant, MeetingId, SlotId, Ssrc, TrackId, TransportId};
use crate::slot::Slot;
use crate::srtp::{SrtpProfile, SrtpReceiver, SrtpSender};
use crate::track::Track;
use crate::transport::{Server, Srtp, StreamRoute, Transport};

impl Plane {
    /// Carry out one command; whatever it names and does not exist is ignored.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        self.at_work = self.meeting_of(&command);
        match command {
            Command::AddTransport {
                transport,
                meeting,
                local_ufrag,
                local_password,
            } => {
                self.add_transport(now, transport, meeting, local_ufrag, &local_password);
            }
            Command::RestartIce {
                transport,
                local_ufrag,
                local_password,
            } => {
                self.restart_ice(transport, local_ufrag, &local_password);
            }
            Command::ConnectTransport {
                transport,
                address,
                remote_ufrag,
                remote_password,
            } => self.connect_transport(now, transport, address, &remote_ufrag, &remote_password),
            Command::RemoveTransport { transport } => self.remove_transport(now, transport),
            Command::SendDtls { transport, datagram } => self.send_dtls(transport, datagram),
            Command::SetSrtpKeys {
                transport,
                profile,
                local,
                remote,
            } => {
                self.set_srtp_keys(now, transport, profile, local, remote);
            }
            Command::AddTrack(parameters) => self.add_track(now, parameters),
            Command::RemoveTrack { track } => self.remove_track(now, track),
            Command::SetTrackMuted { track, muted } => self.set_track_muted(now, track, muted),
            Command::TapTrack { tap, track, label } => self.tap_track(now, tap, track, label),
            Command::UntapTrack { track, reason } => self.untap_track(now, track, reason.as_bytes()),
            Command::CloseTap { tap } => self.close_tap(now, tap),
            Command::AddSlot(parameters) => self.add_slot(parameters),
            Command::RemoveSlot { slot } => self.remove_slot(slot),
            Command::AssignSlot { slot, track } => self.assign_slot_by_id(now, slot, track),
            Command::SelectLayer { slot, target } => self.select_layer(slot, target),
            Command::SetSendCeiling {
                transport,
                wanted_bps,
            } => self.set_send_ceiling(now, transport, wanted_bps),
            #[cfg(feature = "faults")]
            Command::Break { .. } => panic!("a broken invariant, as ordered"),
            Command::SetAudioSlots { transport, slots } => self.set_audio_slots(transport, &slots),
        }
        self.at_work = None;
    }

    fn add_transport(
        &mut self,
        now: Instant,
        id: TransportId,
        meeting: MeetingId,
        ufrag: String,
        password: &str,
    ) {
        if self.transports.index_of(id).is_some() {
            return;
        }
        let index = self
            .transports
            .insert_with(id, || Transport::new(now, id, meeting, ufrag.clone(), password));
        self.transport_by_ufrag.insert(ufrag, index);
        let meeting = self.meetings.insert_with(meeting, Meeting::default);
        if let Some(meeting) = self.meetings.get_mut(meeting) {
            meeting.transports.push(index);
        }
    }

    fn restart_ice(&mut self, id: TransportId, ufrag: String, password: &str) {
        let Some(index) = self.transports.index_of(id) else {
            return;
        };
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        if let Some(over) = transport.restart_ice(ufrag.clone(), password) {
            self.transport_by_ufrag.remove(&over);
        }
        self.transport_by_ufrag.insert(ufrag, index);
    }

    fn connect_transport(
        &mut self,
        now: Instant,
        id: TransportId,
        address: SocketAddr,
        remote_ufrag: &str,
        remote_password: &str,
    ) {
        let index = self.transports.index_of(id);
        let Some(transport) = index.and_then(|index| self.transports.get_mut(index)) else {
            return;
        };
        // The server's own fragment comes first (RFC 8445 section 7.2.2).
        let username = format!("{remote_ufrag}:{}", transport.local_ufrag);
        transport.server = Some(Server::new(now, address, username, remote_password));
    }

    pub(super) fn remove_transport(&mut self, now: Instant, id: TransportId) {
        let Some(index) = self.transports.index_of(id) else {
            return;
        };
        let Some(transport) = self.transports.get(index) else {
            return;
        };
        let tracks: Vec<TrackId> = transport
            .tracks
            .iter()
            .filter_map(|t| self.tracks.get(*t))
            .map(|t| t.id)
            .collect();
        let slots: Vec<SlotId> = transport
            .slots
            .iter()
            .filter_map(|s| self.slots.get(*s))
            .map(|s| s.id)
            .collect();
        tracks.into_iter().for_each(|track| self.remove_track(now, track));
        slots.into_iter().for_each(|slot| self.remove_slot(slot));
        let Some((index, transport)) = self.transports.remove(id) else {
            return;
        };
        for ufrag in transport.ufrags() {
            self.transport_by_ufrag.remove(ufrag);
        }
        for address in transport.addresses {
            if self.transport_by_address.get(&address) == Some(&index) {
                self.transport_by_address.remove(&address);
            }
        }
        self.leave_meeting(transport.meeting, index);
    }

    fn leave_meeting(&mut self, id: MeetingId, transport: usize) {
        let Some(meeting) = self
            .meetings
            .index_of(id)
            .and_then(|index| self.meetings.get_mut(index))
        else {
            return;
        };
        meeting.transports.retain(|member| *member != transport);
        if meeting.transports.is_empty() {
            self.meetings.remove(id);
        }
    }

    fn send_dtls(&mut self, id: TransportId, datagram: Vec<u8>) {
        let transport = self
            .transports
            .index_of(id)
            .and_then(|index| self.transports.get(index));
        match transport.and_then(|transport| transport.active) {
            Some(destination) => self.send_control(destination, datagram),
            None => self.counters.drops.count(DropReason::Stranger),
        }
    }

    fn set_srtp_keys(
        &mut self,
        now: Instant,
        id: TransportId,
        profile: SrtpProfile,
        local: MasterKey,
        remote: MasterKey,
    ) {
        let Some(transport) = self
            .transports
            .index_of(id)
            .and_then(|i| self.transports.get_mut(i))
        else {
            return;
        };
        let made_of = (profile, local, remote);
        // The same keys with counters that begin again would encrypt two packets alike.
        if transport
            .srtp
            .as_ref()
            .is_some_and(|srtp| srtp.made_of == made_of)
        {
            return;
        }
        let sender = SrtpSender::new(profile, &made_of.1.key, &made_of.1.salt);
        let receiver = SrtpReceiver::new(profile, &made_of.2.key, &made_of.2.salt);
        // The binding checks lengths; keys that still do not fit leave the transport without media.
        let (Ok(sender), Ok(receiver)) = (sender, receiver) else {
            self.counters.drops.count(DropReason::NoKeys);
            return;
        };
        transport.srtp = Some(Srtp {
            receiver,
            sender,
            made_of,
        });
        transport.parked.clear();
        let (tracks, slots) = (transport.tracks.clone(), transport.slots.clone());
        tracks.into_iter().for_each(|track| self.forget_stream(track));
        slots.into_iter().for_each(|slot| self.begin_picture(now, slot));
    }

    /// Let a track begin afresh: other keys, other numbers.
    fn forget_stream(&mut self, track: usize) {
        let Some(track) = self.tracks.get_mut(track) else {
            return;
        };
        for encoding in &mut track.encodings {
            encoding.stream = None;
            encoding.forget_pending();
        }
        (track.arriving, track.arrivals) = (0, Arriving::default());
        let subscribers = track.subscribers.clone();
        self.detach(&subscribers);
    }

    fn add_track(&mut self, now: Instant, parameters: TrackParameters) {
        let Some(owner) = self.transports.index_of(parameters.transport) else {
            return;
        };
        if self.tracks.index_of(parameters.track).is_some() {
            return;
        }
        let (id, kind, ssrcs) = (parameters.track, parameters.kind, parameters.ssrcs.clone());
        let index = self.tracks.insert_with(id, || Track::new(parameters, owner));
        let Some(transport) = self.transports.get_mut(owner) else {
            return;
        };
        transport.tracks.push(index);
        for (position, ssrc) in ssrcs.into_iter().enumerate() {
            // In an FID group the second SSRC is the retransmission's (RFC 5576 section 4.2).
            transport.routes.insert(
                ssrc,
                StreamRoute {
                    track: index,
                    encoding: 0,
                    is_rtx: position == 1,
                },
            );
        }
        if kind == MediaKind::Audio {
            let meeting = transport.meeting;
            self.change_audio(now, meeting, |loudest| loudest.add(id));
        }
    }

    fn remove_track(&mut self, now: Instant, id: TrackId) {
        let Some((index, track)) = self.tracks.remove(id) else {
            return;
        };
        let states = track.states();
        if let Some(tapped) = &track.tapped {
            self.tell_end(now, id, tapped, b"ended");
        }
        for slot in track.subscribers {
            self.forget_waiting(slot);
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.track = None;
                slot.detach();
                slot.selector.enter_track(false);
            }
        }
        self.touched.retain(|touched| touched != index);
        let Some(transport) = self.transports.get_mut(track.transport) else {
            return;
        };
        transport.tracks.retain(|own| *own != index);
        transport.park(states);
        transport.routes.retain(|_, route| route.track != index);
        if track.kind == MediaKind::Audio {
            let meeting = transport.meeting;
            self.change_audio(now, meeting, |loudest| loudest.remove(id));
        }
    }

    fn set_track_muted(&mut self, now: Instant, id: TrackId, muted: bool) {
        let Some(track) = self
            .tracks
            .index_of(id)
            .and_then(|index| self.tracks.get_mut(index))
        else {
            return;
        };
        if track.is_muted == muted {
            return;
        }
        track.is_muted = muted;
        if !muted {
            track.forget_clocks();
        }
        let (kind, subscribers) = (track.kind, track.subscribers.clone());
        // What comes after the pause starts afresh, so that the gap is not taken for loss.
        self.detach(&subscribers);
        if !muted && kind == MediaKind::Video {
            subscribers
                .into_iter()
                .for_each(|slot| self.request_keyframe_for(slot, Why::WayIn));
        }
        self.tap_muted(now, id, muted);
    }

    fn add_slot(&mut self, parameters: SlotParameters) {
        let Some(owner) = self.transports.index_of(parameters.transport) else {
            return;
        };
        if self.slots.index_of(parameters.slot).is_some() {
            return;
        }
        let index = self
            .slots
            .insert_with(parameters.slot, || Slot::new(parameters, owner));
        if let Some(transport) = self.transports.get_mut(owner) {
            transport.slots.push(index);
        }
    }

    fn remove_slot(&mut self, id: SlotId) {
        let Some(index) = self.slots.index_of(id) else {
            return;
        };
        self.assign_slot(index, None);
        if let Some((index, slot)) = self.slots.remove(id) {
            if let Some(transport) = self.transports.get_mut(slot.transport) {
                transport.slots.retain(|own| *own != index);
                transport.audio_slots.retain(|own| *own != index);
            }
        }
    }

    fn assign_slot_by_id(&mut self, now: Instant, slot: SlotId, track: Option<TrackId>) {
        let Some(slot) = self.slots.index_of(slot) else {
            return;
        };
        let track = track.and_then(|track| self.tracks.index_of(track));
        if self.assign_slot(slot, track) {
            self.begin_picture(now, slot);
        }
    }

    /// The only way a slot comes to carry a track; returns whether it is another one.
    pub(super) fn assign_slot(&mut self, slot_index: usize, track: Option<usize>) -> bool {
        if self.slots.get(slot_index).is_none_or(|slot| slot.track == track) {
            return false;
        }
        self.forget_waiting(slot_index);
        let Some(slot) = self.slots.get_mut(slot_index) else {
            return false;
        };
        let before = std::mem::replace(&mut slot.track, track);
        slot.detach();
        slot.selector.enter_track(false);
        if let Some(before) = before.and_then(|before| self.tracks.get_mut(before)) {
            before.unsubscribe(slot_index);
        }
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(track)) {
            track.subscribers.push(slot_index);
            slot.selector.enter_track(track.is_simulcast());
            slot.selector.choose(track.arriving);
        }
        true
    }

    fn set_send_ceiling(&mut self, now: Instant, id: TransportId, wanted_bps: u64) {
        let index = self.transports.index_of(id);
        if let Some(transport) = index.and_then(|index| self.transports.get_mut(index)) {
            transport.congestion.set_wanted(now, wanted_bps);
        }
    }

    fn set_audio_slots(&mut self, id: TransportId, slots: &[SlotId]) {
        let Some(index) = self.transports.index_of(id) else {
            return;
        };
        let slots: Vec<usize> = slots
            .iter()
            .filter_map(|slot| self.slots.index_of(*slot))
            .collect();
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        transport.audio_slots = slots;
        self.reconcile_audio_of(index);
    }

    /// Let slots take up what comes next as if it were another track. What waits for its pace goes with what was: a number
    /// that waits twice would be sealed twice.
    pub(super) fn detach(&mut self, subscribers: &[usize]) {
        for slot_index in subscribers {
            self.forget_waiting(*slot_index);
            if let Some(slot) = self.slots.get_mut(*slot_index) {
                slot.detach();
            }
        }
    }

    pub(super) fn route_of(&self, transport: usize, ssrc: Ssrc) -> Option<StreamRoute> {
        self.transports.get(transport)?.routes.get(&ssrc).copied()
    }
}
