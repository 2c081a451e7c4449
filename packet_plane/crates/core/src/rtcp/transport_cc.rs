//! Transport-wide congestion control feedback.
//!
//! Source: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.

use super::{TRANSPORT_FEEDBACK, read_u32, write_packet};
use crate::drop_reason::DropReason;
use crate::quantities::Instant;

pub const FORMAT: u8 = 15;
/// Arrival times are counted in steps of 250 µs from a reference in steps of 64 ms.
const TICK_US: u64 = 250;
const REFERENCE_US: u64 = 64_000;
const STATUS_BITS: usize = 7;
/// Half a second of 16,000 packets a second: a run length of four bytes can claim much more than anybody was sent.
pub const MAX_STATUSES: usize = 8_192;

/// Feedback as read back: the base sequence number and the arrival of each packet from there on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportFeedback {
    pub media_ssrc: u32,
    pub base_sequence_number: u16,
    pub feedback_count: u8,
    /// Arrival in microseconds on the receiver's clock (modulo its 24-bit reference), `None` for lost.
    pub arrivals: Vec<Option<u64>>,
}

/// Append feedback for consecutive packets from `base`, of which the first may be lost as well as any other.
///
/// Returns how many entries the message covers: it ends before a step of time that 16 bits cannot hold. Where none
/// arrived there is no time to tell and nothing is written.
pub fn write(
    ssrcs: (u32, u32),
    base: u16,
    feedback_count: u8,
    arrivals: &[Option<Instant>],
    out: &mut Vec<u8>,
) -> usize {
    let arrivals = &arrivals[..arrivals.len().min(MAX_STATUSES)];
    let Some(first) = arrivals.iter().flatten().next() else {
        return 0;
    };
    let reference = first.micros() / REFERENCE_US;
    let deltas = deltas(reference * REFERENCE_US, arrivals);
    write_packet(TRANSPORT_FEEDBACK, FORMAT, out, |out| {
        out.extend_from_slice(&ssrcs.0.to_be_bytes());
        out.extend_from_slice(&ssrcs.1.to_be_bytes());
        out.extend_from_slice(&base.to_be_bytes());
        out.extend_from_slice(&(deltas.len() as u16).to_be_bytes());
        out.extend_from_slice(&((reference as u32) << 8 | u32::from(feedback_count)).to_be_bytes());
        write_statuses(&deltas, out);
        for delta in deltas.iter().flatten() {
            match u8::try_from(*delta) {
                Ok(small) => out.push(small),
                Err(_) => out.extend_from_slice(&delta.to_be_bytes()),
            }
        }
        out.resize(out.len().next_multiple_of(4), 0);
    });
    deltas.len()
}

/// Time steps between arrivals, in ticks; ends where one does not fit.
fn deltas(reference_us: u64, arrivals: &[Option<Instant>]) -> Vec<Option<i16>> {
    let mut last_ticks = (reference_us / TICK_US) as i64;
    let mut deltas = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let Some(arrival) = arrival else {
            deltas.push(None);
            continue;
        };
        let ticks = (arrival.micros() / TICK_US) as i64;
        let Ok(delta) = i16::try_from(ticks - last_ticks) else {
            break;
        };
        last_ticks = ticks;
        deltas.push(Some(delta));
    }
    deltas
}

/// Status vector chunks of two bits a packet (section 3.1.4): seven packets a chunk.
fn write_statuses(deltas: &[Option<i16>], out: &mut Vec<u8>) {
    for seven in deltas.chunks(STATUS_BITS) {
        let mut chunk = 0xc000u16;
        for (at, delta) in seven.iter().enumerate() {
            chunk |= status(*delta) << (12 - 2 * at);
        }
        out.extend_from_slice(&chunk.to_be_bytes());
    }
}

fn status(delta: Option<i16>) -> u16 {
    match delta {
        None => 0,
        Some(0..=255) => 1,
        Some(_) => 2,
    }
}

/// # Errors
/// `TooLarge` for more packets than can be in flight, `Truncated` or `Malformed` when statuses or deltas do not fit the body.
pub fn parse(body: &[u8]) -> Result<TransportFeedback, DropReason> {
    let counts = read_u32(body, 8)?;
    let reference = read_u32(body, 12)?;
    let (statuses, deltas_at) = parse_statuses(body, 16, (counts & 0xffff) as usize)?;
    let mut at = deltas_at;
    let mut ticks = i64::from(reference >> 8) * (REFERENCE_US / TICK_US) as i64;
    let mut arrivals = Vec::with_capacity(statuses.len());
    for status in statuses {
        let step = match status {
            0 => None,
            1 => Some(i64::from(*body.get(at).ok_or(DropReason::Truncated)?)),
            2 => {
                let bytes = body.get(at..at + 2).ok_or(DropReason::Truncated)?;
                Some(i64::from(i16::from_be_bytes([bytes[0], bytes[1]])))
            }
            _ => return Err(DropReason::Malformed),
        };
        at += usize::from(status);
        arrivals.push(step.map(|step| {
            ticks += step;
            ticks.max(0) as u64 * TICK_US
        }));
    }
    Ok(TransportFeedback {
        media_ssrc: read_u32(body, 4)?,
        base_sequence_number: (counts >> 16) as u16,
        feedback_count: reference as u8,
        arrivals,
    })
}

fn parse_statuses(body: &[u8], mut at: usize, count: usize) -> Result<(Vec<u8>, usize), DropReason> {
    if count > MAX_STATUSES {
        return Err(DropReason::TooLarge);
    }
    let mut statuses = Vec::new();
    while statuses.len() < count {
        let bytes = body.get(at..at + 2).ok_or(DropReason::Truncated)?;
        let chunk = u16::from_be_bytes([bytes[0], bytes[1]]);
        at += 2;
        let left = count - statuses.len();
        if chunk & 0x8000 == 0 {
            let run = usize::from(chunk & 0x1fff).min(left);
            if run == 0 {
                return Err(DropReason::Malformed);
            }
            statuses.resize(statuses.len() + run, (chunk >> 13) as u8 & 3);
        } else if chunk & 0x4000 == 0 {
            statuses.extend((0..14.min(left)).map(|bit| (chunk >> (13 - bit)) as u8 & 1));
        } else {
            statuses.extend((0..STATUS_BITS.min(left)).map(|pair| (chunk >> (12 - 2 * pair)) as u8 & 3));
        }
    }
    Ok((statuses, at))
}

#[cfg(test)]
mod tests {
    use super::super::packets;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes_within_a_tick(
            start in 0u64..1 << 34,
            lost_first in 0usize..40,
            steps in proptest::collection::vec((any::<bool>(), 0u64..400_000), 0..80),
        ) {
            let mut now = start;
            let mut arrivals = vec![None; lost_first];
            arrivals.push(Some(Instant(now)));
            for (lost, step) in steps {
                now += step;
                arrivals.push((!lost).then_some(Instant(now)));
            }
            let mut out = Vec::new();
            let covered = write((1, 2), 65_530, 7, &arrivals, &mut out);
            let packet = packets(&out).next().expect("one").expect("fits");
            prop_assert_eq!((packet.packet_type, packet.count), (TRANSPORT_FEEDBACK, FORMAT));
            let feedback = parse(packet.body).expect("reads back");
            prop_assert_eq!((covered, feedback.arrivals.len()), (arrivals.len(), arrivals.len()));
            prop_assert_eq!((feedback.base_sequence_number, feedback.feedback_count), (65_530, 7));
            // The reference is 24 bits of 64 ms: compare distances from the first arrival.
            let first = feedback.arrivals[lost_first].expect("arrived");
            for (sent, read) in arrivals.iter().zip(&feedback.arrivals) {
                prop_assert_eq!(sent.is_some(), read.is_some());
                if let (Some(sent), Some(read)) = (sent, read) {
                    let expected = sent.micros() / TICK_US - start / TICK_US;
                    prop_assert_eq!((read - first) / TICK_US, expected);
                }
            }
        }
    }

    #[test]
    fn writes_nothing_of_packets_of_which_none_arrived() {
        let mut out = Vec::new();
        assert_eq!(write((1, 2), 1, 0, &[None; 3], &mut out), 0);
        assert!(out.is_empty());
    }

    #[test]
    fn ends_before_a_step_that_does_not_fit() {
        let arrivals = [Some(Instant(0)), Some(Instant(20_000_000))];
        let mut out = Vec::new();
        assert_eq!(write((1, 2), 1, 0, &arrivals, &mut out), 1);
    }

    #[test]
    fn refuses_more_packets_than_can_be_in_flight() {
        // Eight runs of 8,191 lost packets in 32 bytes.
        let mut body = vec![0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0xff, 0xff, 0, 0, 1, 0];
        body.extend_from_slice(&[0x1f; 18]);
        assert_eq!(parse(&body), Err(DropReason::TooLarge));
    }

    #[test]
    fn reads_run_lengths_and_one_bit_vectors() {
        let body = [
            0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 5, 0, 0, 1, 0, 0x20, 3, 0xa0, 0, 4, 4, 4, 4,
        ];
        let feedback = parse(&body).expect("reads");
        assert_eq!(
            feedback.arrivals,
            vec![Some(65_000), Some(66_000), Some(67_000), Some(68_000), None]
        );
    }
}
