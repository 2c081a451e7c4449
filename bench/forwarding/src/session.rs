//! Keys and numbers that generator, ideal loop and worker agree on.

use packet_plane_core::codec::{Codec, CodecName};
use packet_plane_core::command::MasterKey;
use packet_plane_core::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use packet_plane_core::rtp::extension::{ExtensionBlock, ExtensionIds};
use packet_plane_core::rtp::header::{OutgoingHeader, write_header};
use packet_plane_core::srtp::{SrtpProfile, SrtpSender};

pub const PROFILE: SrtpProfile = SrtpProfile::AeadAes128Gcm;
pub const PASSWORD: &str = "a password of the session";
pub const PUBLISHER: u64 = 0;
pub const SSRC: Ssrc = Ssrc(0x1000);
pub const PAYLOAD_TYPE: PayloadType = PayloadType(96);
const MID_ID: u8 = 1;
const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const TRANSPORT_CC_ID: u8 = 5;

pub fn ufrag(client: u64) -> String {
    format!("user{client}")
}

/// The master key of one direction: 1 is the node's, 2 the client's.
pub fn key(client: u64, direction: u8) -> MasterKey {
    let mut key = vec![direction; 16];
    key[..8].copy_from_slice(&client.to_be_bytes());
    MasterKey {
        key,
        salt: vec![direction; 12],
    }
}

pub fn sender(client: u64, direction: u8) -> SrtpSender {
    let master = key(client, direction);
    SrtpSender::new(PROFILE, &master.key, &master.salt).expect("the lengths are the profile's")
}

pub fn vp8() -> Codec {
    let mut codec = Codec::new(PAYLOAD_TYPE.0, CodecName::Vp8, 90_000, "");
    codec.rtx_payload_type = Some(PayloadType(97));
    (codec.nack, codec.pli) = (true, true);
    codec
}

pub fn extensions() -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", MID_ID);
    ids.set(TRANSPORT_CC, TRANSPORT_CC_ID);
    ids
}

/// Seal the publisher's packet with this number into `out`; returns its length.
///
/// Every frame is a keyframe, so that a viewer may begin anywhere.
pub fn write_packet(
    sender: &SrtpSender,
    number: u64,
    is_last: bool,
    packet_len: usize,
    out: &mut [u8],
) -> usize {
    let mut block = ExtensionBlock::default();
    block.push(MID_ID, b"0");
    let header = OutgoingHeader {
        marker: is_last,
        padding: false,
        payload_type: PAYLOAD_TYPE,
        sequence_number: (number & 0xffff) as u16,
        rtp_timestamp: (number * 100) as u32,
        ssrc: SSRC,
    };
    let header_len = write_header(&header, block.finish(), out);
    let mut payload = vec![0x55; packet_len - header_len];
    payload[..7].copy_from_slice(&[
        0x90,
        0xe0,
        0x80 | (number >> 8) as u8,
        number as u8,
        1,
        0x20,
        0x10,
    ]);
    sender
        .protect_rtp(
            SSRC,
            ExtendedSequenceNumber(number),
            header_len,
            &payload,
            &[],
            out,
        )
        .expect("the buffer has room")
}
