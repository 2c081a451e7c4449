//! The saved corpus of the fuzz targets, each input as it is and in changed copies: no property breaks.
//!
//! `fuzz/README.md` says how to search for more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

type Property = fn(&[u8]);

const TARGETS: [(&str, Property); 14] = [
    ("demux", packet_plane_fuzz::demux),
    ("stun", packet_plane_fuzz::stun),
    ("rtp", packet_plane_fuzz::rtp),
    ("rtcp", packet_plane_fuzz::rtcp),
    ("srtp", packet_plane_fuzz::srtp),
    ("vp8", packet_plane_fuzz::vp8),
    ("h264", packet_plane_fuzz::h264),
    ("dependency_descriptor", packet_plane_fuzz::dependency_descriptor),
    ("vp9", packet_plane_fuzz::vp9),
    ("h265", packet_plane_fuzz::h265),
    ("red", packet_plane_fuzz::red),
    ("estimate", packet_plane_fuzz::estimate),
    ("plane", packet_plane_fuzz::plane),
    ("recording", packet_plane_fuzz::recording),
];

/// Every command but the one that breaks an invariant, and every record but that of a reader who rests for seconds.
const REACHED_BY_SEQUENCES: &str = "AddSlot AddTrack AddTransport AssignSlot Begin CloseTap ConnectTransport End Muted \
    Packet RemoveSlot RemoveTrack RemoveTransport Report RestartIce SelectLayer SendDtls SetAudioSlots SetSendCeiling \
    SetSrtpKeys SetTrackMuted TapTrack UntapTrack";

#[test]
fn the_saved_sequences_give_every_command_and_record_what_comes() {
    let saved = inputs(&corpus().join("plane"));
    let reached: BTreeSet<_> = saved
        .iter()
        .flat_map(|input| packet_plane_fuzz::reached(input))
        .collect();
    assert_eq!(
        reached.into_iter().collect::<Vec<_>>().join(" "),
        REACHED_BY_SEQUENCES
    );
}

#[test]
fn no_saved_input_and_no_change_of_one_breaks_a_property() {
    let corpus = corpus();
    for (target, property) in TARGETS {
        let saved = inputs(&corpus.join(target));
        assert!(saved.len() >= 5, "the corpus of {target} is there");
        for input in &saved {
            property(input);
            changed(input).for_each(|copy| property(&copy));
        }
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files
        .map(|file| fs::read(file.expect("readable").path()).expect("readable"))
        .collect()
}

/// Cut short, with one byte turned over, and with one byte set to each extreme, at a few places.
fn changed(input: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = (input.len() / 8).max(1);
    (0..input.len()).step_by(step).flat_map(move |at| {
        let with = |value: u8| {
            let mut copy = input.to_vec();
            copy[at] = value;
            copy
        };
        [input[..at].to_vec(), with(!input[at]), with(0), with(0xff)]
    })
}
