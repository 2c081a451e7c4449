use super::tests::{Client, ms, slot_of};
use super::*;
use crate::codec::MediaKind;
use crate::rtcp::receiver_report::{self, ReportBlock};

/// Blocks of a voice and a camera: highest number, packets lost in all, and the share of the last interval.
fn report(blocks: [(u32, i32, u8); 2]) -> Vec<u8> {
    let kinds = [MediaKind::Audio, MediaKind::Video];
    let blocks: Vec<ReportBlock> = (21..)
        .zip(kinds)
        .zip(blocks)
        .map(
            |((slot, kind), (extended_highest, packets_lost, fraction_lost))| ReportBlock {
                ssrc: slot_of(2, slot, kind).ssrc.0,
                fraction_lost,
                packets_lost,
                extended_highest,
                ..ReportBlock::default()
            },
        )
        .collect();
    let mut compound = Vec::new();
    receiver_report::write(7, &blocks, &mut compound);
    compound
}

#[test]
fn the_loss_of_a_receiver_is_that_of_all_its_streams_also_where_a_report_got_lost() {
    let mut plane = Plane::default();
    let mut viewer = Client::join(&mut plane, ms(0), 2);
    viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Audio);
    viewer.add_slot(&mut plane, ms(0), 22, MediaKind::Video);
    let mut told = |at: u64, blocks: [(u32, i32, u8); 2]| {
        viewer.send_rtcp(&mut plane, ms(at), &report(blocks));
        plane.handle_timeout(ms(at + 1_000));
        plane.snapshot().transports[0].counters.fraction_lost
    };
    assert_eq!(told(1_000, [(100, 0, 0), (5_000, 0, 0)]), 0);
    // Of 50 packets of the voice none is lost, of 150 of the camera 50: a quarter.
    assert_eq!(told(2_000, [(150, 0, 0), (5_150, 50, 85)]), 64);
    // A report that told of another 50 never came; in the last interval nothing got lost.
    assert_eq!(told(4_000, [(250, 0, 0), (5_250, 100, 0)]), 64);
    // What comes again says nothing more.
    assert_eq!(told(5_000, [(250, 0, 0), (5_250, 100, 0)]), 64);
    assert_eq!(told(6_000, [(300, 0, 0), (5_350, 100, 0)]), 0);
}
