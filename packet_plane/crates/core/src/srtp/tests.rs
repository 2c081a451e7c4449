use super::*;
use crate::drop_reason::DropReason;
use crate::quantities::{ExtendedSequenceNumber, Ssrc};
use crate::rtp::RtpHeader;
use proptest::prelude::*;

const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
const HEADER: [u8; 12] = [0x80, 96, 0x12, 0x34, 0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe];
const SSRC: Ssrc = Ssrc(0xcafe_babe);

fn pair(profile: SrtpProfile) -> (SrtpSender, SrtpReceiver) {
    let key: Vec<u8> = (0..profile.key_len() as u8).collect();
    let salt: Vec<u8> = (100..100 + profile.salt_len() as u8).collect();
    (
        SrtpSender::new(profile, &key, &salt).expect("lengths fit"),
        SrtpReceiver::new(profile, &key, &salt).expect("lengths fit"),
    )
}

fn protect(sender: &SrtpSender, sequence: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0u8; 1_600];
    let mut header = HEADER;
    header[2..4].copy_from_slice(&((sequence & 0xffff) as u16).to_be_bytes());
    out[..12].copy_from_slice(&header);
    let len = sender
        .protect_rtp(SSRC, ExtendedSequenceNumber(sequence), 12, payload, &[], &mut out)
        .expect("seals");
    out.truncate(len);
    out
}

fn unprotect(
    receiver: &SrtpReceiver,
    state: &mut StreamState,
    packet: &[u8],
) -> Result<(u64, Vec<u8>), DropReason> {
    let header = RtpHeader::parse(packet)?;
    let mut out = vec![0u8; 1_600];
    let (extended, len) = receiver.unprotect_rtp(
        state,
        header.ssrc,
        header.sequence_number,
        header.header_len,
        packet,
        &mut out,
    )?;
    out.truncate(len);
    Ok((extended.0, out))
}

/// RFC 3711 appendix B.3: session keys of AES-CM.
#[test]
fn derives_the_session_keys_of_rfc3711() {
    use super::key_derivation::{Label, derive};
    let key = [
        0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39,
    ];
    let salt = [
        0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6,
    ];
    let mut out = [0u8; 16];
    derive(&key, &salt, Label::RtpEncryption, &mut out).expect("derives");
    assert_eq!(
        out,
        [
            0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee, 0x10, 0x73, 0x4a, 0xfe, 0x3f, 0xf7, 0xa0, 0x87
        ]
    );
    let mut out = [0u8; 14];
    derive(&key, &salt, Label::RtpSalt, &mut out).expect("derives");
    assert_eq!(
        out,
        [
            0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1
        ]
    );
}

#[test]
fn opens_what_it_seals_in_every_profile_across_the_rollover() {
    for profile in PROFILES {
        let (sender, receiver) = pair(profile);
        let mut state = StreamState::default();
        for sequence in [
            65_530u64, 65_535, 65_534, 65_536, 65_540, 98_000, 130_000, 131_075,
        ] {
            let packet = protect(&sender, sequence, b"payload");
            assert_eq!(packet.len(), 12 + 7 + profile.tag_len());
            assert_eq!(
                unprotect(&receiver, &mut state, &packet),
                Ok((sequence, b"payload".to_vec()))
            );
        }
    }
}

#[test]
fn refuses_a_packet_seen_before_and_leaves_the_state_alone_after_a_forgery() {
    for profile in PROFILES {
        let (sender, receiver) = pair(profile);
        let mut state = StreamState::default();
        let packet = protect(&sender, 5, b"payload");
        unprotect(&receiver, &mut state, &packet).expect("opens");
        assert_eq!(
            unprotect(&receiver, &mut state, &packet),
            Err(DropReason::Replayed)
        );
        let mut forged = protect(&sender, 30_000, b"payload");
        *forged.last_mut().expect("not empty") ^= 1;
        assert_eq!(
            unprotect(&receiver, &mut state, &forged),
            Err(DropReason::Unauthenticated)
        );
        assert_eq!(state.highest(), Some(ExtendedSequenceNumber(5)));
    }
}

#[test]
fn refuses_a_changed_header() {
    for profile in PROFILES {
        let (sender, receiver) = pair(profile);
        let mut packet = protect(&sender, 5, b"payload");
        packet[1] ^= 0x80;
        assert_eq!(
            unprotect(&receiver, &mut StreamState::default(), &packet),
            Err(DropReason::Unauthenticated)
        );
    }
}

#[test]
fn encrypts_padding_behind_the_payload() {
    for profile in PROFILES {
        let (sender, receiver) = pair(profile);
        let mut out = vec![0u8; 200];
        out[..12].copy_from_slice(&HEADER);
        let sequence = ExtendedSequenceNumber(0x1234);
        let len = sender
            .protect_rtp(SSRC, sequence, 12, b"abc", &[0, 2], &mut out)
            .expect("seals");
        let opened = unprotect(&receiver, &mut StreamState::default(), &out[..len]).expect("opens");
        assert_eq!(opened.1, b"abc\x00\x02");
    }
}

#[test]
fn rtcp_round_trips_and_refuses_replays_forgeries_and_clear_text() {
    let compound = [
        0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 7,
    ];
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let mut sealed = [0u8; 64];
        let mut opened = [0u8; 64];
        for _ in 0..3 {
            let len = sender.protect_rtcp(&compound, &mut sealed).expect("seals");
            assert_eq!(len, compound.len() + profile.tag_len() + 4);
            let opened_len = receiver
                .unprotect_rtcp(&sealed[..len], &mut opened)
                .expect("opens");
            assert_eq!(opened[..opened_len], compound);
            assert_eq!(
                receiver.unprotect_rtcp(&sealed[..len], &mut opened),
                Err(DropReason::Replayed)
            );
        }
        let len = sender.protect_rtcp(&compound, &mut sealed).expect("seals");
        sealed[9] ^= 1;
        assert_eq!(
            receiver.unprotect_rtcp(&sealed[..len], &mut opened),
            Err(DropReason::Unauthenticated)
        );
        assert!(receiver.unprotect_rtcp(&compound, &mut opened).is_err());
    }
}

#[test]
fn forged_rtcp_of_many_senders_takes_no_place_from_a_true_one() {
    let compound = [0x80, 201, 0, 1, 0, 0, 0, 9];
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let mut sealed = [0u8; 64];
        let mut opened = [0u8; 64];
        let len = sender.protect_rtcp(&compound, &mut sealed).expect("seals");
        for forger in 0..1_000u32 {
            let mut forged = sealed;
            forged[4..8].copy_from_slice(&(forger + 1_000).to_be_bytes());
            assert_eq!(
                receiver.unprotect_rtcp(&forged[..len], &mut opened),
                Err(DropReason::Unauthenticated)
            );
        }
        assert_eq!(receiver.unprotect_rtcp(&sealed[..len], &mut opened), Ok(8));
    }
}

#[test]
fn refuses_keys_of_a_wrong_length() {
    assert!(SrtpSender::new(SrtpProfile::AeadAes128Gcm, &[0; 15], &[0; 12]).is_err());
    assert!(SrtpReceiver::new(SrtpProfile::Aes128CmSha1_80, &[0; 16], &[0; 12]).is_err());
}

proptest! {
    #[test]
    fn never_panics_on_arbitrary_packets(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        for profile in PROFILES {
            let (_, mut receiver) = pair(profile);
            let mut out = [0u8; 200];
            prop_assert!(receiver.unprotect_rtcp(&bytes, &mut out).is_err());
            prop_assert!(unprotect(&receiver, &mut StreamState::default(), &bytes).is_err());
        }
    }
}
