//! Layers of video tracks: which arrive, which a slot may send, and the keyframes that switching takes.

use super::Plane;
use crate::codec::MediaKind;
use crate::event::Event;
use crate::keyframe_throttle::Why;
use crate::layer_selector::LayerTarget;
use crate::quantities::{Instant, SlotId};

/// What has come from a receiver, as a sign that it is there.
#[derive(Clone, Copy)]
pub(super) enum Word {
    /// When each packet that was sent has arrived.
    Arrivals,
    /// How what was sent has arrived.
    Report,
    /// Something that says nothing of what was sent, from where it is sent to.
    Sign,
    /// The same from another address, where it is sent to from now on.
    Moved,
}

impl Plane {
    /// Let a slot send no higher layer than this from its next frame on.
    pub(super) fn select_layer(&mut self, id: SlotId, target: Option<LayerTarget>) {
        let Some(index) = self.slots.index_of(id) else {
            return;
        };
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        if slot.kind == MediaKind::Audio || slot.selector.target() == target {
            return;
        }
        slot.selector.set_target(target);
        let arriving = slot.track.and_then(|track| self.tracks.get(track));
        slot.selector.choose(arriving.map_or(0, |track| track.arriving));
        if slot.selector.needs_keyframe() {
            self.request_keyframe_for(index, Why::WayIn);
        }
    }

    /// Look which encodings of a video track arrive, and let its subscribers choose among them.
    pub(super) fn choose_layers(&mut self, now: Instant, index: usize) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        if track.kind == MediaKind::Audio || !track.note_arriving(now) {
            return;
        }
        let (arriving, subscribers) = (track.arriving, track.subscribers.clone());
        for subscriber in subscribers {
            if let Some(slot) = self.slots.get_mut(subscriber) {
                slot.selector.choose(arriving);
                if slot.selector.needs_keyframe() {
                    self.request_keyframe_for(subscriber, Why::WayIn);
                }
            }
        }
    }

    /// Tell which layers a client's video tracks have, where that has changed.
    pub(super) fn tell_layers(&mut self, now: Instant, index: usize) {
        let tracks = self
            .transports
            .get(index)
            .map(|transport| transport.tracks.clone());
        for number in tracks.unwrap_or_default() {
            self.choose_layers(now, number);
            let Some(track) = self.tracks.get_mut(number) else {
                continue;
            };
            if track.kind == MediaKind::Audio {
                continue;
            }
            if let Some(layers) = track.changed_layers(now) {
                let track = track.id;
                self.tell(Event::LayersChanged { track, layers });
            }
        }
    }

    /// Note that a receiver is there; pictures begin again at once where it was away.
    pub(super) fn hear_from(&mut self, now: Instant, index: usize, word: Word) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let presence = &mut transport.congestion.presence;
        let is_back = match word {
            Word::Arrivals => presence.handle_feedback(now, true),
            Word::Report => presence.handle_feedback(now, false),
            Word::Sign => presence.handle_sign(now),
            Word::Moved => presence.handle_move(),
        };
        if is_back {
            let is_elsewhere = matches!(word, Word::Moved);
            transport.congestion.estimator.handle_return(now, is_elsewhere);
            let slots = transport.slots.clone();
            slots
                .into_iter()
                .for_each(|slot| self.request_keyframe_for(slot, Why::WayIn));
        }
    }

    /// Stop sending pictures to who no longer hears them: they go on with a keyframe, and few are missing then.
    pub(super) fn tick_presence(&mut self, now: Instant, index: usize) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        if !transport.congestion.presence.poll(now) {
            return;
        }
        for slot in transport.slots.clone() {
            self.forget_waiting(slot);
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.selector.forget();
            }
        }
    }

    /// Ask the publisher of a video slot's track for a keyframe, once the slot can send one on: asked
    /// earlier it would be lost, and the throttle would delay the one that counts.
    pub(super) fn request_keyframe_for(&mut self, slot: usize, why: Why) {
        let Some(slot) = self.slots.get(slot) else {
            return;
        };
        let hears = self
            .transports
            .get(slot.transport)
            .is_some_and(|transport| transport.srtp.is_some() && !transport.congestion.presence.is_away());
        if !hears {
            return;
        }
        if slot.selector.target().is_none() {
            return;
        }
        let (way_in, carried) = (slot.way_in(), slot.carried_encoding());
        let (Some(encoding), Some(track)) = (
            way_in.or(carried),
            slot.track.and_then(|track| self.tracks.get_mut(track)),
        ) else {
            return;
        };
        if track.kind == MediaKind::Video {
            track.request_keyframe(encoding, if way_in.is_some() { why } else { Why::Picture });
        }
    }

    /// A video slot that waits for its first picture asks again: the keyframe it was promised may have passed
    /// before this client could be reached.
    pub(super) fn request_missing_keyframes(&mut self, index: usize) {
        let slots = self
            .transports
            .get(index)
            .map(|transport| transport.slots.clone());
        for slot in slots.unwrap_or_default() {
            let waits = self.slots.get(slot).is_some_and(|slot| {
                let track = slot.track.and_then(|track| self.tracks.get(track));
                let has_none = !slot.rewriter.is_attached() || slot.selector.awaited().is_some();
                has_none && track.is_some_and(|track| !track.is_muted)
            });
            if waits {
                self.request_keyframe_for(slot, Why::WayIn);
            }
        }
    }
}
