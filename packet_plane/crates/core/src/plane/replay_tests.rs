use super::layer_tests::{SLOT, Simulcast, picture_of};
use super::tests::{assign, interframe, keyframe, ms};

const TRACK: u64 = 11;

/// A camera that has begun, and a viewer who is not shown it yet.
fn begun() -> Simulcast {
    let mut meeting = Simulcast::new();
    assign(&mut meeting.plane, ms(0), SLOT.0, None);
    meeting.send(100, 0, &keyframe(1));
    meeting.send(101, 2, &keyframe(1));
    meeting.send(150, 0, &interframe(2));
    meeting.send(151, 2, &interframe(2));
    meeting
}

fn pictures(meeting: &mut Simulcast, at: u64) -> Vec<u16> {
    meeting.receive(at).iter().map(picture_of).collect()
}

#[test]
fn who_is_shown_a_camera_that_has_just_begun_sees_its_smallest_picture_at_once() {
    let mut meeting = begun();
    assign(&mut meeting.plane, ms(160), SLOT.0, Some(TRACK));
    assert_eq!(pictures(&mut meeting, 161).len(), 2);
    assert_eq!(meeting.send(200, 0, &interframe(3)).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(0));
}

#[test]
fn the_wanted_size_is_asked_for_all_the_same_and_follows() {
    let mut meeting = begun();
    assign(&mut meeting.plane, ms(160), SLOT.0, Some(TRACK));
    assert_eq!(meeting.asked(161), [102]);
    assert_eq!(meeting.send(200, 2, &keyframe(3)).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
}

#[test]
fn nothing_is_asked_for_where_the_smallest_is_all_that_is_wanted() {
    let mut meeting = begun();
    meeting.select(155, Some((0, 9)));
    assign(&mut meeting.plane, ms(160), SLOT.0, Some(TRACK));
    assert!(meeting.asked(161).is_empty());
}

#[test]
fn a_keyframe_of_long_ago_is_not_shown_in_fast_motion() {
    let mut meeting = begun();
    for (number, at) in (200..500).step_by(50).enumerate() {
        meeting.send(at, 0, &interframe(3 + number as u16));
    }
    assign(&mut meeting.plane, ms(500), SLOT.0, Some(TRACK));
    assert!(pictures(&mut meeting, 501).is_empty());
}

#[test]
fn a_keyframe_that_came_late_is_not_begun_with_and_another_is_asked_for() {
    let mut meeting = begun();
    meeting.select(155, Some((0, 9)));
    // Three pictures a second, and the keyframe comes after the next one.
    let late = meeting.packet(400, 0, &keyframe(3));
    meeting.send(733, 0, &interframe(4));
    meeting.arrive(740, &late);
    let _ = pictures(&mut meeting, 741);
    assign(&mut meeting.plane, ms(750), SLOT.0, Some(TRACK));
    assert!(pictures(&mut meeting, 751).is_empty());
    assert_eq!(meeting.asked(752), [100]);
}

#[test]
fn where_a_packet_is_missing_the_next_size_is_begun_with() {
    let mut meeting = begun();
    let _lost = meeting.packet(170, 0, &interframe(3));
    meeting.send(200, 0, &interframe(4));
    assign(&mut meeting.plane, ms(210), SLOT.0, Some(TRACK));
    assert_eq!(pictures(&mut meeting, 211).len(), 2);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
}

#[test]
fn a_slot_that_has_shown_something_waits_for_a_keyframe() {
    let mut meeting = begun();
    assign(&mut meeting.plane, ms(160), SLOT.0, Some(TRACK));
    assert_eq!(pictures(&mut meeting, 161).len(), 2);
    assign(&mut meeting.plane, ms(162), SLOT.0, None);
    assign(&mut meeting.plane, ms(163), SLOT.0, Some(TRACK));
    assert!(pictures(&mut meeting, 164).is_empty());
}

#[test]
fn what_has_come_and_was_not_handed_on_yet_goes_out_once() {
    let mut meeting = begun();
    let datagram = meeting.packet(160, 0, &interframe(3));
    meeting.arrive(160, &datagram);
    assign(&mut meeting.plane, ms(160), SLOT.0, Some(TRACK));
    let received = meeting.receive(161);
    let mut numbers: Vec<_> = received.iter().map(|one| one.sequence).collect();
    numbers.dedup();
    assert_eq!((received.len(), numbers.len()), (3, 3));
}
