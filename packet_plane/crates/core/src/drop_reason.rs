//! Why a datagram or packet was not used. Each is counted, none is an error of the process.

macro_rules! drop_reasons {
    ($($(#[$doc:meta])* $name:ident => $label:literal,)*) => {
        /// The named outcome of a packet that is not forwarded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum DropReason { $($(#[$doc])* $name,)* }

        impl DropReason {
            pub const ALL: &'static [DropReason] = &[$(DropReason::$name,)*];

            /// Label of the counter, in snake case.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(DropReason::$name => $label,)* }
            }
        }
    };
}

drop_reasons! {
    /// Neither STUN, DTLS nor SRTP by its first byte (RFC 7983).
    UnknownProtocol => "unknown_protocol",
    /// DTLS or SRTP from an address that never proved knowledge of a session.
    Stranger => "stranger",
    /// STUN that does not parse.
    StunMalformed => "stun_malformed",
    /// STUN for no session of ours.
    StunUnknownUser => "stun_unknown_user",
    /// STUN with a missing or wrong MESSAGE-INTEGRITY or FINGERPRINT.
    StunUnauthenticated => "stun_unauthenticated",
    /// STUN from a place that causes more checks than it may.
    RateLimited => "rate_limited",
    /// A NACK that names more lost packets than are looked for, of one client in one datagram or second.
    TooManyAsked => "too_many_asked",
    /// STUN that is not a binding request.
    StunIgnored => "stun_ignored",
    /// RTP or RTCP before the handshake has given keys.
    NoKeys => "no_keys",
    /// Shorter than its own headers say.
    Truncated => "truncated",
    /// An RTP version other than 2, or lengths that contradict each other.
    Malformed => "malformed",
    /// The authentication tag does not fit.
    Unauthenticated => "unauthenticated",
    /// Seen before, or older than the replay window.
    Replayed => "replayed",
    /// No track of this connection claims the stream.
    UnknownStream => "unknown_stream",
    /// The track is muted.
    Muted => "muted",
    /// The receiver's slot has no payload type for this codec.
    NoCodec => "no_codec",
    /// Longer than a datagram of ours may be.
    TooLarge => "too_large",
    /// A bounded queue to the caller is full.
    QueueFull => "queue_full",
    /// The kernel refused to send.
    SendFailed => "send_failed",
    /// Waited for its receiver's pace until it was of no use.
    TooLate => "too_late",
    /// A sender's key has encrypted all packets it may.
    KeyExhausted => "key_exhausted",
    /// A retransmission of something already here.
    Duplicate => "duplicate",
    /// Sent before its stream's goodbye, and come after it.
    Ended => "ended",
    /// Padding without payload: a sender probing for bandwidth.
    Padding => "padding",
}

/// How many packets met each outcome.
#[derive(Clone, Debug)]
pub struct DropCounts([u64; DropReason::ALL.len()]);

impl Default for DropCounts {
    fn default() -> Self {
        DropCounts([0; DropReason::ALL.len()])
    }
}

impl DropCounts {
    pub fn count(&mut self, reason: DropReason) {
        self.0[reason as usize] += 1;
    }

    /// Count several at once.
    pub fn add(&mut self, reason: DropReason, count: u64) {
        self.0[reason as usize] += count;
    }

    #[must_use]
    pub fn of(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// Label and count of every reason, in the order of the enum.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        DropReason::ALL
            .iter()
            .map(|reason| (reason.label(), self.of(*reason)))
    }
}
