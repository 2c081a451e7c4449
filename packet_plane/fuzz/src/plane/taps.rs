//! Recorders of a program: what they are handed is whole records, of tracks that they have been told of.

use std::collections::{BTreeMap, BTreeSet};

use packet_plane_core::command::Command;
use packet_plane_core::quantities::{TapId, TrackId};
use packet_plane_core::tap::record::Record;

use super::Run;

pub const TAPS: u8 = 2;
const WALLCLOCK_US: u64 = 1_700_000_000_000_000;

/// Those that are there.
pub type Readers = BTreeMap<TapId, Reader>;

#[derive(Default)]
pub struct Reader {
    /// Bytes that do not make a record yet.
    rest: Vec<u8>,
    /// Those that it has been told of.
    tracks: BTreeSet<u64>,
}

impl Run<'_> {
    pub fn tap(&mut self, choice: u8) {
        let tap = TapId(u64::from((choice >> 3) % TAPS));
        let track = TrackId(u64::from(choice >> 4));
        match choice % 8 {
            2 => self.open_tap(tap),
            3 => {
                let label = self.input.bytes().to_vec();
                self.command(Command::TapTrack { tap, track, label });
            }
            4 => self.command(Command::UntapTrack {
                track,
                reason: "stopped".into(),
            }),
            5 => self.command(Command::CloseTap { tap }),
            6 => {
                self.plane.break_tap(tap);
                self.readers.remove(&tap);
            }
            _ => {
                let most = self.input.byte().into();
                self.read_tap(tap, most);
            }
        }
    }

    fn open_tap(&mut self, tap: TapId) {
        let minutes = u64::from(self.input.byte()) * 60_000_000;
        self.plane.open_tap(self.now, tap, WALLCLOCK_US + minutes);
        self.readers.insert(tap, Reader::default());
    }

    /// Take bytes that wait, as many as there are and at most so many.
    pub fn read_tap(&mut self, tap: TapId, most: usize) {
        let waiting = self.plane.taps().find(|(id, _)| *id == tap);
        let taken = waiting.map_or(Vec::new(), |(_, bytes)| bytes[..bytes.len().min(most)].to_vec());
        let is_over = self.plane.take_from_tap(tap, taken.len());
        let Some(mut reader) = self.readers.remove(&tap) else {
            assert!(taken.is_empty(), "nothing waits for nobody");
            return;
        };
        reader.rest.extend_from_slice(&taken);
        let mut at = 0;
        while let Some((record, len)) = Record::parse(&reader.rest[at..]).expect("a record") {
            note_track(&mut reader.tracks, &record);
            self.note(&record);
            at += len;
        }
        reader.rest.drain(..at);
        if is_over {
            assert!(reader.rest.is_empty(), "a tap ends after a whole record");
            assert!(reader.tracks.is_empty(), "a tap ends after its tracks");
        } else {
            self.readers.insert(tap, reader);
        }
    }
}

/// Note which tracks a reader knows of after a record.
fn note_track(tracks: &mut BTreeSet<u64>, record: &Record<'_>) {
    match record {
        Record::Begin { track, .. } => {
            tracks.insert(*track);
        }
        Record::End { track, .. } => assert!(tracks.remove(track), "what ends has begun"),
        Record::Packet(packet) => assert!(tracks.contains(&packet.track)),
        Record::Report { track, .. } | Record::Muted { track, .. } => assert!(tracks.contains(track)),
        Record::Overflowed { .. } => {}
    }
}
