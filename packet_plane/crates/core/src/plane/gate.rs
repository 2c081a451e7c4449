//! Who may speak: authentic STUN from anyone, DTLS and SRTP only from an address that has proven itself.
//!
//! Everything else is counted and gets no byte back (RFC 8445 section 7.3; RFC 7983).

use std::net::SocketAddr;

use super::Plane;
use super::layers::Word;
use crate::demux::{DatagramKind, classify};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::history::MAX_PACKET_LEN;
use crate::nomination::Nominating;
use crate::quantities::{Instant, TransportId};
use crate::stun;
use crate::transport::checked_by;

impl Plane {
    pub(super) fn admit(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), DropReason> {
        let kind = classify(datagram).ok_or(DropReason::UnknownProtocol)?;
        if kind == DatagramKind::Stun {
            return self.handle_stun(now, source, datagram);
        }
        let transport = *self
            .transport_by_address
            .get(&source)
            .ok_or(DropReason::Stranger)?;
        if let Some(transport) = self.transports.get_mut(transport) {
            self.at_work = Some(transport.meeting);
            transport.counters.packets_received += 1;
            transport.counters.bytes_received += datagram.len() as u64;
        }
        match kind {
            DatagramKind::Rtp => self.handle_rtp(now, transport, datagram)?,
            DatagramKind::Rtcp => self.handle_rtcp(now, transport, datagram)?,
            DatagramKind::Dtls | DatagramKind::Stun => return self.handle_dtls(transport, datagram),
        }
        self.follow_media(now, transport, source);
        Ok(())
    }

    /// Media has come from an address: where it was nominated in vain, it may be all that is left.
    fn follow_media(&mut self, now: Instant, index: usize, source: SocketAddr) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        if transport.nomination.handle_media(now, source) {
            transport.active = Some(source);
            let id = transport.id;
            self.tell_connected(true, id, source);
            self.hear_from(now, index, Word::Moved);
        }
    }

    fn handle_stun(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<(), DropReason> {
        // Nothing can be sent to port 0.
        if source.port() == 0 {
            return Err(DropReason::StunMalformed);
        }
        if stun::is_binding_success(datagram) {
            return self.handle_answer(now, source, datagram);
        }
        let request = stun::parse_binding_request(datagram)?;
        let index = *self
            .transport_by_ufrag
            .get(request.local_ufrag())
            .ok_or(DropReason::StunUnknownUser)?;
        let is_proven = self.transport_by_address.get(&source) == Some(&index);
        if !is_proven && !self.source_limit.admits(now, source.ip()) {
            return Err(DropReason::RateLimited);
        }
        let transport = self
            .transports
            .get_mut(index)
            .ok_or(DropReason::StunUnknownUser)?;
        self.at_work = Some(transport.meeting);
        let key = transport.ice_key(request.local_ufrag());
        if !request.is_authentic(key) {
            return Err(DropReason::StunUnauthenticated);
        }
        let mut response = Vec::with_capacity(96);
        request.write_success(source, key, &mut response);
        let given_up = transport.handle_consent(now, source);
        let before = transport.active;
        let is_active = before == Some(source);
        let nominating = Nominating {
            address: source,
            priority: request.priority,
            is_latest: request.local_ufrag() == transport.local_ufrag,
        };
        let nomination = &mut transport.nomination;
        let is_chosen = request.use_candidate && nomination.handle_nomination(now, nominating);
        let moved = before.is_none() || (is_chosen && !is_active);
        if moved {
            transport.active = Some(source);
        }
        let is_active = transport.active == Some(source);
        let id = transport.id;
        self.own_address(index, source, given_up);
        self.send_control(source, response);
        self.tell_connected(moved, id, source);
        if before.is_some() && moved {
            self.hear_from(now, index, Word::Moved);
        } else if is_active {
            self.hear_from(now, index, Word::Sign);
        }
        Ok(())
    }

    /// A server's answer to a check of ours: its address has proven itself.
    fn handle_answer(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<(), DropReason> {
        let transaction = stun::transaction_of(datagram).ok_or(DropReason::StunMalformed)?;
        let id = checked_by(transaction);
        let index = self.transports.index_of(id).ok_or(DropReason::StunIgnored)?;
        let transport = self.transports.get_mut(index).ok_or(DropReason::StunIgnored)?;
        self.at_work = Some(transport.meeting);
        let server = transport.server.as_ref().ok_or(DropReason::StunIgnored)?;
        if !server.is_at(source) || !server.awaits(transaction) {
            return Err(DropReason::StunIgnored);
        }
        stun::open_binding_success(datagram, &server.key)?;
        let given_up = transport.handle_consent(now, source);
        let moved = transport.active.replace(source) != Some(source);
        self.own_address(index, source, given_up);
        self.tell_connected(moved, id, source);
        Ok(())
    }

    fn tell_connected(&mut self, moved: bool, transport: TransportId, address: SocketAddr) {
        if moved {
            self.tell(Event::TransportConnected { transport, address });
        }
    }

    /// An address belongs to whoever proved itself there last.
    fn own_address(&mut self, index: usize, source: SocketAddr, given_up: Option<SocketAddr>) {
        if let Some(given_up) = given_up {
            self.transport_by_address.remove(&given_up);
        }
        let before = self.transport_by_address.insert(source, index);
        if let Some(other) = before
            .filter(|other| *other != index)
            .and_then(|other| self.transports.get_mut(other))
        {
            other.addresses.retain(|address| *address != source);
            if other.active == Some(source) {
                other.active = other.addresses.last().copied();
                other.nomination.forget();
            }
        }
    }

    fn handle_dtls(&mut self, index: usize, datagram: &[u8]) -> Result<(), DropReason> {
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        if datagram.len() > MAX_PACKET_LEN {
            return Err(DropReason::TooLarge);
        }
        if !transport.may_tell_dtls() {
            return Err(DropReason::QueueFull);
        }
        let event = Event::DtlsReceived {
            transport: transport.id,
            datagram: datagram.to_vec(),
        };
        self.tell(event);
        Ok(())
    }
}
