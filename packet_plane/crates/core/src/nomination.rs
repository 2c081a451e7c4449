//! Which of a client's addresses is sent to, where it nominates several.
//!
//! A client may go on nominating more than one pair; the one of the highest priority is used (RFC 8445 section 8.1.1),
//! as each change costs an estimate and keyframes. A lesser one takes over when nothing comes from the address in use any
//! more: a client that has left it sends its media from where it is now. Credentials of an ICE restart begin anew.

use std::net::SocketAddr;
use std::time::Duration;

use crate::quantities::Instant;

/// Media comes from elsewhere, and none from the address in use for this long: feedback comes several times in it.
const LEFT: Duration = Duration::from_millis(500);
/// Nobody is thought to have left for being silent for less, where nothing but a nomination comes from elsewhere.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// Nor is anybody waited for longer: consent is renewed each 5 s (RFC 7675).
const MOST_PATIENCE: Duration = Duration::from_secs(6);
/// In between it is so many times the longest silence of late in what it sends.
const PATIENCE: u32 = 3;

/// The address in use, once it is nominated.
#[derive(Clone, Copy, Debug)]
struct Holder {
    address: SocketAddr,
    priority: u32,
    /// When media or a nomination came from there last.
    heard_at: Instant,
    /// Its longest silence of late, where it sends media.
    usual: Option<Duration>,
    /// Whether it was nominated with credentials from before a restart.
    is_outdated: bool,
}

impl Holder {
    fn handle_media(&mut self, now: Instant) {
        let silence = now.since(self.heard_at).min(MOST_PATIENCE);
        self.usual = Some(silence.max(self.usual.unwrap_or_default() * 15 / 16));
        self.heard_at = now;
    }

    /// Whether it is silent for longer than it ever is.
    fn is_silent(&self, now: Instant) -> bool {
        let patience = self.usual.map_or(MOST_PATIENCE, |usual| usual * PATIENCE);
        now.since(self.heard_at) >= patience.clamp(LEAST_PATIENCE, MOST_PATIENCE)
    }
}

/// A nomination: where it came from and what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nominating {
    pub address: SocketAddr,
    /// That of the check (RFC 8445 section 7.1.1).
    pub priority: u32,
    /// Whether it names the credentials of the last restart.
    pub is_latest: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Nomination {
    holder: Option<Holder>,
    /// The last nominated address of a lesser priority, and that.
    challenger: Option<(SocketAddr, u32)>,
    /// Who was left for a lesser one: it may come back.
    left: Option<Holder>,
}

impl Nomination {
    /// Take in a nomination; returns whether its address is to be used from now on.
    pub fn handle_nomination(&mut self, now: Instant, one: Nominating) -> bool {
        if let Some(holder) = &mut self.holder {
            if holder.address == one.address {
                (holder.priority, holder.heard_at) = (one.priority, now);
                holder.is_outdated &= !one.is_latest;
                return true;
            }
            let is_higher = one.priority >= holder.priority || (holder.is_outdated && one.is_latest);
            if !is_higher && !holder.is_silent(now) {
                self.challenger = Some((one.address, one.priority));
                return false;
            }
        }
        self.take_over(now, one.address, one.priority);
        true
    }

    /// Note authentic media or feedback; returns whether its address is another one that is to be used from now on.
    pub fn handle_media(&mut self, now: Instant, source: SocketAddr) -> bool {
        let Some(holder) = &mut self.holder else {
            return false;
        };
        if holder.address == source {
            holder.handle_media(now);
            return false;
        }
        let has_left = now.since(holder.heard_at) >= LEFT;
        let challenger = self
            .challenger
            .filter(|(address, _)| has_left && *address == source);
        let Some((_, priority)) = challenger else {
            return false;
        };
        self.take_over(now, source, priority);
        true
    }

    /// Credentials are new: what is nominated with them takes over at once.
    pub fn restart(&mut self) {
        if let Some(holder) = &mut self.holder {
            holder.is_outdated = true;
        }
    }

    /// The address in use is gone; the next nomination is as good as any.
    pub fn forget(&mut self) {
        *self = Nomination::default();
    }

    fn take_over(&mut self, now: Instant, address: SocketAddr, priority: u32) {
        let mut holder = Holder {
            address,
            priority,
            heard_at: now,
            usual: None,
            is_outdated: false,
        };
        if let Some(left) = self.left.take().filter(|left| left.address == address) {
            (holder.heard_at, holder.usual) = (left.heard_at, left.usual);
            holder.handle_media(now);
        }
        self.left = self.holder.replace(holder);
        self.challenger = None;
    }
}
