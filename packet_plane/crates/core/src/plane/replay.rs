//! The first picture of a slot, out of what its track has just sent.
//!
//! Who joins has a path some time after senders were told what to send: their keyframe has come by then, and the next one
//! would take the time of a frame, of an encoder and of the way here.

use std::time::Duration;

use super::Plane;
use crate::codec::MediaKind;
use crate::keyframe_throttle::Why;
use crate::pacer::Waiting;
use crate::quantities::Instant;

/// What is older would be seen in fast motion.
const RECENT: Duration = Duration::from_millis(300);
/// As much as leaves at once on a path of which nothing is known.
const MAX_BYTES: usize = 12_000;

impl Plane {
    /// Begin the picture of a slot with the keyframe that came a moment ago, where there is one, and ask for another
    /// where that is not all that is wanted.
    pub(super) fn begin_picture(&mut self, now: Instant, slot: usize) {
        let replayed = self.replay(now, slot);
        let awaited = self.slots.get(slot).and_then(|slot| slot.selector.awaited());
        if replayed.is_none() || replayed != awaited {
            self.request_keyframe_for(slot, Why::WayIn);
        }
    }

    /// Let what came of the smallest encoding since its last keyframe leave first; returns which that is. Only where a
    /// slot has sent nothing yet: a player that knows its time would show what comes ahead of that too late.
    fn replay(&mut self, now: Instant, slot_index: usize) -> Option<u8> {
        let slot = self.slots.get(slot_index)?;
        if slot.kind != MediaKind::Video || slot.counters.packets_sent > 0 {
            return None;
        }
        let transport = self.transports.get_mut(slot.transport)?;
        if transport.srtp.is_none() || transport.active.is_none() || transport.congestion.presence.is_away() {
            return None;
        }
        let index = slot.track?;
        let track = self.tracks.get(index).filter(|track| !track.is_muted)?;
        let (encoding, sequences) = track
            .encodings
            .iter()
            .zip(0u8..)
            .filter(|(_, number)| slot.takes(*number))
            .find_map(|(encoding, number)| {
                Some((number, encoding.since_keyframe(now, RECENT, MAX_BYTES)?))
            })?;
        let waiting = sequences.map(|sequence| Waiting {
            since: now,
            slot: slot_index,
            track: index,
            encoding,
            sequence,
        });
        let transport_index = slot.transport;
        // What waits already would be sealed twice.
        transport.congestion.pacer.forget_slot(slot_index);
        transport
            .congestion
            .wait(transport_index, waiting, &mut self.paced);
        self.pace_due = now;
        Some(encoding)
    }
}
