//! Outgoing datagrams in one contiguous slab, cut into runs that the kernel can send in one call.
//!
//! A run goes to one address; all its datagrams have the same length but the last, which may be shorter
//! (UDP_SEGMENT, Linux udp(7)).

use std::net::SocketAddr;

use crate::drop_reason::DropReason;
use crate::history::MAX_PACKET_LEN;

/// Bytes after which a batch is handed to the kernel.
const SLAB_LEN: usize = 64 * 1024;
/// Limits of UDP_SEGMENT: datagrams in a run, and what one call may carry.
const MAX_SEGMENTS: usize = 64;
const MAX_RUN_LEN: usize = 60_000;
/// Datagrams that may still be appended one after the other when the batch was not yet full.
pub const APPENDS_BEYOND_FULL: usize = 32;
/// What equal lengths are worth: at most this much RTP padding.
const MAX_PADDING: usize = 16;

/// Datagrams to one address: `len` bytes from `start`, cut every `segment_len` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub destination: SocketAddr,
    pub start: usize,
    pub len: usize,
    pub segment_len: usize,
    is_open: bool,
}

/// One batch of datagrams; reused, so that sending allocates nothing.
#[derive(Debug)]
pub struct TransmitBatch {
    slab: Vec<u8>,
    used: usize,
    runs: Vec<Run>,
}

impl Default for TransmitBatch {
    fn default() -> Self {
        TransmitBatch {
            slab: vec![0; SLAB_LEN + APPENDS_BEYOND_FULL * MAX_PACKET_LEN],
            used: 0,
            runs: Vec::with_capacity(256),
        }
    }
}

impl TransmitBatch {
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.used >= SLAB_LEN
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub fn clear(&mut self) {
        self.used = 0;
        self.runs.clear();
    }

    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The bytes of a run.
    #[must_use]
    pub fn bytes(&self, run: &Run) -> &[u8] {
        &self.slab[run.start..run.start + run.len]
    }

    /// Address and bytes of each datagram, for callers without segmentation and for tests.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.runs.iter().flat_map(|run| {
            self.bytes(run)
                .chunks(run.segment_len)
                .map(|bytes| (run.destination, bytes))
        })
    }

    /// How many bytes of RTP padding would make a datagram of `len` bytes continue the open run.
    #[must_use]
    pub fn useful_padding(&self, destination: SocketAddr, len: usize) -> usize {
        match self.runs.last() {
            Some(run) if run.can_take(destination, run.segment_len) && run.segment_len > len => {
                let missing = run.segment_len - len;
                if missing <= MAX_PADDING { missing } else { 0 }
            }
            _ => 0,
        }
    }

    /// Let `write` fill the next datagram in place; it returns the length.
    ///
    /// # Errors
    /// Whatever `write` reports; the batch is then as before.
    pub fn append(
        &mut self,
        destination: SocketAddr,
        write: impl FnOnce(&mut [u8]) -> Result<usize, DropReason>,
    ) -> Result<usize, DropReason> {
        let start = self.used;
        let end = (start + MAX_PACKET_LEN).min(self.slab.len());
        let len = write(&mut self.slab[start..end])?;
        if len == 0 {
            // No empty datagram means anything to a client, and a run has a length to be cut by.
            return Ok(0);
        }
        self.used += len;
        match self.runs.last_mut() {
            Some(run) if run.can_take(destination, len) => {
                run.is_open = len == run.segment_len;
                run.len += len;
            }
            _ => self.runs.push(Run {
                destination,
                start,
                len,
                segment_len: len,
                is_open: true,
            }),
        }
        Ok(len)
    }
}

impl Run {
    fn can_take(&self, destination: SocketAddr, len: usize) -> bool {
        self.is_open
            && self.destination == destination
            && len <= self.segment_len
            && self.len + len <= MAX_RUN_LEN
            && self.len / self.segment_len < MAX_SEGMENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn append(batch: &mut TransmitBatch, port: u16, len: usize) {
        batch.append(address(port), |_| Ok(len)).expect("fits");
    }

    #[test]
    fn equal_lengths_make_a_run_that_a_shorter_one_ends() {
        let mut batch = TransmitBatch::default();
        for len in [100, 100, 60, 60, 100] {
            append(&mut batch, 1, len);
        }
        let shape: Vec<_> = batch
            .runs()
            .iter()
            .map(|run| (run.len, run.segment_len))
            .collect();
        assert_eq!(shape, [(260, 100), (60, 60), (100, 100)]);
        assert_eq!(
            batch
                .datagrams()
                .map(|(_, bytes)| bytes.len())
                .collect::<Vec<_>>(),
            [100, 100, 60, 60, 100]
        );
    }

    #[test]
    fn another_address_starts_another_run() {
        let mut batch = TransmitBatch::default();
        append(&mut batch, 1, 100);
        append(&mut batch, 2, 100);
        assert_eq!(batch.runs().len(), 2);
    }

    #[test]
    fn pads_only_a_little_and_only_to_continue_a_run() {
        let mut batch = TransmitBatch::default();
        assert_eq!(batch.useful_padding(address(1), 90), 0);
        append(&mut batch, 1, 100);
        assert_eq!(batch.useful_padding(address(1), 99), 1);
        assert_eq!(batch.useful_padding(address(1), 100), 0);
        assert_eq!(batch.useful_padding(address(1), 60), 0);
        assert_eq!(batch.useful_padding(address(2), 99), 0);
    }

    #[test]
    fn a_failed_write_leaves_no_trace() {
        let mut batch = TransmitBatch::default();
        assert_eq!(
            batch.append(address(1), |_| Err(DropReason::TooLarge)),
            Err(DropReason::TooLarge)
        );
        assert!(batch.is_empty());
    }

    #[test]
    fn sends_no_empty_datagram() {
        let mut batch = TransmitBatch::default();
        append(&mut batch, 1, 0);
        assert!(batch.is_empty());
        append(&mut batch, 1, 10);
        append(&mut batch, 1, 0);
        assert_eq!(batch.datagrams().count(), 1);
    }

    #[test]
    fn never_puts_more_than_64_datagrams_in_a_run() {
        let mut batch = TransmitBatch::default();
        for _ in 0..130 {
            append(&mut batch, 1, 10);
        }
        assert_eq!(
            batch.runs().iter().map(|run| run.len / 10).collect::<Vec<_>>(),
            [64, 64, 2]
        );
    }
}
