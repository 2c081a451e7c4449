use proptest::prelude::*;

use super::*;

/// What x264 writes: baseline, high, interlaced, scaling lists, 4:4:4 and 4:2:2; without the NAL unit's header.
const H264: &[(&str, Size)] = &[
    ("42c01fd9005005ba10000003001000000303c0f1832480", (1280, 720)),
    ("42c00dd901419f9e10000003001000000303c0f142a480", (320, 180)),
    ("640028acd940780227e584000003000400000300f03c60c658", (1920, 1080)),
    ("4d401eeca05031ea2210000003001000000303c1f1429960", (638, 356)),
    ("f4001e919b281485fc7cf080000003008000001e078b16cb", (642, 362)),
    ("64001facd940d83de6e10000030001000003003c0f183196", (854, 480)),
    ("7a000dbcd94191ff8f84000003000400000300f03c50a658", (400, 226)),
];
/// What x265 writes: cropped, with temporal layers, 4:4:4 and 4:2:2; without the NAL unit's header.
const H265: &[(&str, Size)] = &[
    (
        "0101600000030090000003000003005da00280802d16595952930b9a020000030002000003003c10",
        (1280, 720),
    ),
    (
        "0101600000030090000003000003003ca00a080c1f3e595952930b9a020000030002000003003c10",
        (320, 180),
    ),
    (
        "01016000000300900000030000030078a003c0801107536595952930b9a020000003002000000303c1",
        (1918, 1078),
    ),
    (
        "0401600000030090000003000003003f0000a005020171f2e59594aca5654a4c2e6808000003000800000300f040",
        (640, 360),
    ),
    (
        "010408000003009e0800000300003f9000a4402e38f9f2caca94985cd010000003001000000301e080",
        (642, 362),
    ),
    (
        "010408000003009d0800000300003cb00d080f1c447e595952930b9a020000030002000003003c10",
        (402, 226),
    ),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
        .collect()
}

#[test]
fn sizes_are_those_that_encoders_were_given() {
    for (set, size) in H264 {
        assert_eq!(h264_size(&bytes(set)), Some(*size), "{set}");
    }
    for (set, size) in H265 {
        assert_eq!(h265_size(&bytes(set)), Some(*size), "{set}");
    }
}

#[test]
fn a_set_that_ends_before_its_size_tells_none() {
    for (set, _) in H264 {
        let set = bytes(set);
        assert_eq!(h264_size(&set[..6]), None);
        assert_eq!(h264_size(&[]), None);
    }
    for (set, _) in H265 {
        let set = bytes(set);
        assert_eq!(h265_size(&set[..18]), None);
    }
}

#[test]
fn bytes_against_start_codes_are_no_bits() {
    let mut buffer = [0; CAPACITY];
    assert_eq!(
        unescape(&[1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3], &mut buffer),
        [1, 0, 0, 1, 0, 0, 0, 0]
    );
    assert_eq!(unescape(&[0xff; 600], &mut buffer).len(), CAPACITY);
}

#[test]
fn codes_count_from_zero_in_both_directions() {
    // 1, 010, 011, 00100.
    let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0000]);
    let read: Vec<_> = (0..4).map(|_| golomb(&mut reader)).collect();
    assert_eq!(read, [Some(0), Some(1), Some(2), Some(3)]);
    let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
    let read: Vec<_> = (0..5).map(|_| signed_golomb(&mut reader)).collect();
    assert_eq!(read, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    assert_eq!(
        golomb(&mut BitReader::new(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff])),
        None
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(set in proptest::collection::vec(any::<u8>(), 0..700)) {
        let _ = (h264_size(&set), h265_size(&set));
    }

    #[test]
    fn a_changed_set_is_read_without_harm(
        which in 0..H264.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut set = bytes(H264[which].0);
        for (at, value) in changes {
            let at = at.index(set.len());
            set[at] = value;
        }
        let _ = h264_size(&set);
    }
}
