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
/// Of a client that sends little, so much must be missing before a second nomination is believed.
const QUIET: Duration = Duration::from_secs(1);
/// Nor is a first one until then: consent is renewed each 5 s (RFC 7675).
const SILENT: Duration = Duration::from_secs(6);

/// The address in use, once it is nominated.
#[derive(Clone, Copy, Debug)]
struct Holder {
    priority: u32,
    /// When media or a nomination came from there last.
    heard_at: Instant,
    /// Whether it was nominated with credentials from before a restart.
    is_outdated: bool,
}

/// A nominated address of a lesser priority, and the holder's last word when it was nominated.
#[derive(Clone, Copy, Debug)]
struct Challenger {
    address: SocketAddr,
    priority: u32,
    holder_heard_at: Instant,
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
    challenger: Option<Challenger>,
}

impl Nomination {
    /// Take in a nomination; returns whether its address is to be used from now on, if it is another one.
    pub fn handle_nomination(&mut self, now: Instant, one: Nominating, is_holder: bool) -> bool {
        let Some(holder) = self.holder.filter(|_| !is_holder) else {
            self.take_over(now, one.priority);
            return true;
        };
        let silence = now.since(holder.heard_at);
        let again = self
            .challenger
            .is_some_and(|known| known.address == one.address && known.holder_heard_at == holder.heard_at);
        let is_higher = one.priority >= holder.priority || (holder.is_outdated && one.is_latest);
        if is_higher || silence >= SILENT || (again && silence >= QUIET) {
            self.take_over(now, one.priority);
            return true;
        }
        self.challenger = Some(Challenger {
            address: one.address,
            priority: one.priority,
            holder_heard_at: holder.heard_at,
        });
        false
    }

    /// Note authentic media or feedback; returns whether its address, another one, is to be used from now on.
    pub fn handle_media(&mut self, now: Instant, source: SocketAddr, is_holder: bool) -> bool {
        let Some(holder) = self.holder.as_mut() else {
            return false;
        };
        if is_holder {
            holder.heard_at = now;
            return false;
        }
        let challenger = self.challenger.filter(|known| known.address == source);
        let has_left = now.since(holder.heard_at) >= LEFT;
        let Some(challenger) = challenger.filter(|_| has_left) else {
            return false;
        };
        self.take_over(now, challenger.priority);
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

    fn take_over(&mut self, now: Instant, priority: u32) {
        self.challenger = None;
        self.holder = Some(Holder {
            priority,
            heard_at: now,
            is_outdated: false,
        });
    }
}
