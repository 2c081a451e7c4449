//! SRTP and SRTCP: forgeries are refused without a trace, and what is sealed opens again.

use packet_plane_core::drop_reason::DropReason;
use packet_plane_core::quantities::{ExtendedSequenceNumber, Ssrc};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};

const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
const SSRC: Ssrc = Ssrc(0x0102_0304);
const ROOM: usize = 64;

/// The first byte names the profile; the rest is taken once as a packet and once as a payload.
pub fn srtp(bytes: &[u8]) {
    let Some((profile, rest)) = bytes.split_first() else {
        return;
    };
    let profile = PROFILES[usize::from(*profile) % PROFILES.len()];
    let key = vec![7; profile.key_len()];
    let salt = vec![9; profile.salt_len()];
    let mut sender = SrtpSender::new(profile, &key, &salt).expect("lengths fit");
    let mut receiver = SrtpReceiver::new(profile, &key, &salt).expect("lengths fit");
    refuse_rtp(&receiver, rest);
    refuse_rtcp(&mut receiver, rest);
    return_rtp(&sender, &receiver, rest);
    return_rtcp(&mut sender, &mut receiver, rest);
}

/// Nobody without the key finds a tag that fits.
fn refuse_rtp(receiver: &SrtpReceiver, packet: &[u8]) {
    let Ok(header) = RtpHeader::parse(packet) else {
        return;
    };
    let mut state = StreamState::default();
    let mut out = vec![0; packet.len()];
    let opened = receiver.unprotect_rtp(
        &mut state,
        header.ssrc,
        header.sequence_number,
        header.header_len,
        packet,
        &mut out,
    );
    assert!(opened.is_err());
    assert_eq!(state.highest(), None);
}

fn refuse_rtcp(receiver: &mut SrtpReceiver, packet: &[u8]) {
    let mut out = vec![0; packet.len()];
    assert!(receiver.unprotect_rtcp(packet, &mut out).is_err());
}

fn return_rtp(sender: &SrtpSender, receiver: &SrtpReceiver, payload: &[u8]) {
    let sequence = ExtendedSequenceNumber(payload.len() as u64 + 0xff80);
    let mut packet = vec![0; 12 + payload.len() + ROOM];
    packet[0] = 0x80;
    packet[2..4].copy_from_slice(&sequence.sequence_number().to_be_bytes());
    packet[8..12].copy_from_slice(&SSRC.0.to_be_bytes());
    let len = sender
        .protect_rtp(SSRC, sequence, 12, payload, &[], &mut packet)
        .expect("seals");
    let packet = &mut packet[..len];
    let number = sequence.sequence_number();
    let mut state = StreamState::default();
    // The receiver has seen the number before, so that it knows the rollover counter.
    state.mark(ExtendedSequenceNumber(sequence.0 - 1));
    let mut out = vec![0; len];
    let opened = receiver.unprotect_rtp(&mut state, SSRC, number, 12, packet, &mut out);
    assert_eq!(opened, Ok((sequence, payload.len())));
    assert_eq!(out[..payload.len()], *payload);
    let again = receiver.unprotect_rtp(&mut state, SSRC, number, 12, packet, &mut out);
    assert_eq!(again, Err(DropReason::Replayed));
    let changed_at = payload.len() % (len - 12) + 12;
    packet[changed_at] ^= 1;
    let mut state = StreamState::default();
    state.mark(ExtendedSequenceNumber(sequence.0 - 1));
    let forged = receiver.unprotect_rtp(&mut state, SSRC, number, 12, packet, &mut out);
    assert_eq!(forged, Err(DropReason::Unauthenticated));
}

fn return_rtcp(sender: &mut SrtpSender, receiver: &mut SrtpReceiver, compound: &[u8]) {
    let mut sealed = vec![0; compound.len() + ROOM];
    let Ok(len) = sender.protect_rtcp(compound, &mut sealed) else {
        assert!(compound.len() < 8);
        return;
    };
    let mut out = vec![0; len];
    assert_eq!(
        receiver.unprotect_rtcp(&sealed[..len], &mut out),
        Ok(compound.len())
    );
    assert_eq!(out[..compound.len()], *compound);
    assert_eq!(
        receiver.unprotect_rtcp(&sealed[..len], &mut out),
        Err(DropReason::Replayed)
    );
}
