//! What is left after a broken invariant: every meeting but the one that was being worked on.
//!
//! All state of a meeting hangs on its transports, and no other meeting's refers to it; what all share is made anew.

use super::{Plane, Scratch};
use crate::command::Command;
use crate::event::Event;
use crate::quantities::{Instant, MeetingId, TransportId};

impl Plane {
    /// Go on after a panic without the meeting that was being worked on; `None` when there was none, and nothing of
    /// the plane can be trusted.
    pub fn recover(&mut self, now: Instant) -> Option<MeetingId> {
        let meeting = self.at_work.take()?;
        self.scratch = Scratch::default();
        let members: Vec<TransportId> = self
            .transports
            .iter()
            .filter(|transport| transport.meeting == meeting)
            .map(|transport| transport.id)
            .collect();
        members
            .into_iter()
            .for_each(|transport| self.remove_transport(now, transport));
        self.meetings.remove(meeting);
        let tracks = &self.tracks;
        self.touched.retain(|track| tracks.get(track).is_some());
        let transports = &self.transports;
        self.paced.retain(|index| transports.get(*index).is_some());
        self.counters.meetings_lost += 1;
        self.tell(Event::MeetingLost { meeting });
        Some(meeting)
    }

    pub(super) fn work_for_track(&mut self, track: usize) {
        let transport = self
            .tracks
            .get(track)
            .and_then(|track| self.transports.get(track.transport));
        self.at_work = transport.map(|transport| transport.meeting);
    }

    /// The meeting that a command is about.
    pub(super) fn meeting_of(&self, command: &Command) -> Option<MeetingId> {
        let by_slot = |slot| Some(self.slots.get(self.slots.index_of(slot)?)?.transport);
        let by_track = |track| Some(self.tracks.get(self.tracks.index_of(track)?)?.transport);
        let index = match command {
            Command::AddTransport { meeting, .. } => return Some(*meeting),
            Command::RestartIce { transport, .. }
            | Command::ConnectTransport { transport, .. }
            | Command::RemoveTransport { transport }
            | Command::SendDtls { transport, .. }
            | Command::SetSrtpKeys { transport, .. }
            | Command::SetSendCeiling { transport, .. }
            | Command::SetAudioSlots { transport, .. } => self.transports.index_of(*transport),
            #[cfg(feature = "faults")]
            Command::Break { transport } => self.transports.index_of(*transport),
            Command::AddTrack(parameters) => self.transports.index_of(parameters.transport),
            Command::AddSlot(parameters) => self.transports.index_of(parameters.transport),
            Command::RemoveTrack { track }
            | Command::SetTrackMuted { track, .. }
            | Command::TapTrack { track, .. }
            | Command::UntapTrack { track, .. } => by_track(*track),
            Command::CloseTap { .. } => None,
            Command::RemoveSlot { slot }
            | Command::AssignSlot { slot, .. }
            | Command::SelectLayer { slot, .. } => by_slot(*slot),
        };
        Some(self.transports.get(index?)?.meeting)
    }
}
