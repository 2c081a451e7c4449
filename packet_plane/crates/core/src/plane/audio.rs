//! The meeting's loudest microphones in everybody's audio slots.
//!
//! A listener with a slot for each position hears position i in slot i and nothing where it speaks itself.
//! One with fewer slots hears the loudest of the positions.

use std::time::Duration;

use super::Plane;
use crate::event::Event;
use crate::loudest::{Loudest, POSITIONS};
use crate::quantities::{Instant, MeetingId, TrackId};

/// Speakers are told at most this often while nobody comes, goes or begins to speak.
const SPEAKERS_INTERVAL: Duration = Duration::from_millis(200);

impl Plane {
    /// Change the microphones of a meeting and let everybody's slots follow.
    pub(super) fn change_audio(
        &mut self,
        now: Instant,
        meeting: MeetingId,
        change: impl FnOnce(&mut Loudest),
    ) {
        let Some(index) = self.meetings.index_of(meeting) else {
            return;
        };
        let Some(state) = self.meetings.get_mut(index) else {
            return;
        };
        let before = *state.loudest.positions();
        change(&mut state.loudest);
        if before != *state.loudest.positions() {
            self.tell_speakers(now, meeting, index);
            self.reconcile_audio(now, index);
        }
    }

    pub(super) fn tick_meetings(&mut self, now: Instant) {
        let ids: Vec<(MeetingId, usize)> = self
            .meetings
            .indices()
            .filter_map(|index| {
                let member = *self.meetings.get(index)?.transports.first()?;
                Some((self.transports.get(member)?.meeting, index))
            })
            .collect();
        for (id, index) in ids {
            self.at_work = Some(id);
            let Some(meeting) = self.meetings.get_mut(index) else {
                continue;
            };
            let moved = meeting.loudest.handle_timeout(now);
            let speakers = meeting.loudest.speakers();
            let is_due = now.since(meeting.speakers_told_at) >= SPEAKERS_INTERVAL;
            let changed = (is_due && !is_same_order(&meeting.speakers, &speakers))
                || has_more(&meeting.speakers, &speakers);
            let is_due = now.since(meeting.heard_at) >= SPEAKERS_INTERVAL;
            let sounds = is_due && meeting.audible != meeting.loudest.audible(now);
            if moved || changed {
                self.tell_speakers(now, id, index);
            }
            if moved || sounds {
                self.reconcile_audio(now, index);
            }
        }
    }

    fn tell_speakers(&mut self, now: Instant, id: MeetingId, index: usize) {
        let Some(meeting) = self.meetings.get_mut(index) else {
            return;
        };
        meeting.speakers = meeting.loudest.speakers();
        meeting.speakers_told_at = now;
        let event = Event::SpeakersChanged {
            meeting: id,
            positions: meeting.loudest.positions().to_vec(),
            speakers: meeting.speakers.clone(),
        };
        self.tell(event);
    }

    fn reconcile_audio(&mut self, now: Instant, meeting: usize) {
        let Some(meeting) = self.meetings.get_mut(meeting) else {
            return;
        };
        (meeting.audible, meeting.heard_at) = (meeting.loudest.audible(now), now);
        let members = meeting.transports.clone();
        members
            .into_iter()
            .for_each(|transport| self.reconcile_audio_of(transport));
    }

    /// Let one listener's audio slots carry what they should.
    pub(super) fn reconcile_audio_of(&mut self, transport_index: usize) {
        let Some(transport) = self.transports.get(transport_index) else {
            return;
        };
        let slots = transport.audio_slots.clone();
        let Some(meeting) = self
            .meetings
            .index_of(transport.meeting)
            .and_then(|m| self.meetings.get(m))
        else {
            return;
        };
        let audible = &meeting.audible;
        let is_own = |track: usize| transport.tracks.contains(&track);
        let candidates: Vec<Option<usize>> = meeting
            .loudest
            .positions()
            .iter()
            .map(|track| {
                track
                    .and_then(|track| self.tracks.index_of(track))
                    .filter(|track| !is_own(*track))
            })
            .collect();
        let desired = if slots.len() >= POSITIONS {
            candidates
        } else {
            let rank = |track: usize| {
                let id = self.tracks.get(track).map(|track| track.id);
                audible
                    .iter()
                    .position(|sounding| Some(*sounding) == id)
                    .unwrap_or(usize::MAX)
            };
            let current = slots
                .iter()
                .map(|slot| self.slots.get(*slot).and_then(|slot| slot.track))
                .collect();
            select_few(current, candidates.into_iter().flatten().collect(), rank)
        };
        for (position, slot) in slots.into_iter().enumerate() {
            self.assign_slot(slot, desired.get(position).copied().flatten());
        }
    }
}

/// Choose for fewer slots than candidates: the best ranked, each staying where it is.
fn select_few(
    current: Vec<Option<usize>>,
    mut candidates: Vec<usize>,
    rank: impl Fn(usize) -> usize,
) -> Vec<Option<usize>> {
    // Among equals whoever is heard already goes first.
    candidates.sort_by_key(|track| (rank(*track), !current.contains(&Some(*track))));
    candidates.truncate(current.len());
    let mut chosen: Vec<Option<usize>> = current
        .iter()
        .map(|held| held.filter(|track| candidates.contains(track)))
        .collect();
    candidates.retain(|track| !chosen.contains(&Some(*track)));
    let mut waiting = candidates.into_iter();
    for place in chosen.iter_mut().filter(|place| place.is_none()) {
        *place = waiting.next();
    }
    chosen
}

fn has_more(before: &[(TrackId, u8)], now: &[(TrackId, u8)]) -> bool {
    now.iter()
        .any(|(track, _)| before.iter().all(|(known, _)| known != track))
}

fn is_same_order(before: &[(TrackId, u8)], now: &[(TrackId, u8)]) -> bool {
    before
        .iter()
        .map(|(track, _)| track)
        .eq(now.iter().map(|(track, _)| track))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_slots_carry_the_best_ranked_and_keep_their_places() {
        let rank = |track: usize| [9, 0, 1, 9][track];
        assert_eq!(select_few(vec![None], vec![0, 1, 2], rank), [Some(1)]);
        assert_eq!(
            select_few(vec![Some(3), Some(1)], vec![0, 1, 2, 3], rank),
            [Some(2), Some(1)]
        );
        assert_eq!(select_few(vec![Some(3)], vec![0, 3], rank), [Some(3)]);
        assert_eq!(select_few(vec![], vec![1], rank), []);
    }
}
