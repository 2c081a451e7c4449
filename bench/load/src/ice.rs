//! A controlling ICE agent of one candidate pair: checks with USE-CANDIDATE until one is answered (RFC 8445).

use aws_lc_rs::{hmac, rand};
use packet_plane_core::stun;

const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];

/// Username fragment and password of one end.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub ufrag: String,
    pub password: String,
}

impl Credentials {
    pub fn random() -> Self {
        Credentials {
            ufrag: random_text(8),
            password: random_text(24),
        }
    }
}

/// Letters and digits as ICE and Parley's identifiers allow them.
pub fn random_text(len: usize) -> String {
    let mut bytes = vec![0u8; len];
    rand::fill(&mut bytes).expect("the system has randomness");
    bytes
        .iter()
        .map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte % 32)]))
        .collect()
}

/// Both ends' credentials, ready for checks.
pub struct Agent {
    username: String,
    remote_key: hmac::Key,
    local_key: hmac::Key,
}

impl Agent {
    pub fn new(local: &Credentials, remote: &Credentials) -> Self {
        Agent {
            username: format!("{}:{}", remote.ufrag, local.ufrag),
            remote_key: stun::integrity_key(&remote.password),
            local_key: stun::integrity_key(&local.password),
        }
    }

    pub fn write_check(&self, out: &mut Vec<u8>) {
        let mut transaction = [0u8; 12];
        rand::fill(&mut transaction).expect("the system has randomness");
        stun::write_binding_request(&self.username, &self.remote_key, transaction, out);
    }

    /// Answer a check of the server's; returns whether there is something to send.
    pub fn answer(&self, datagram: &[u8], source: std::net::SocketAddr, out: &mut Vec<u8>) -> bool {
        match stun::parse_binding_request(datagram) {
            Ok(request) if request.is_authentic(&self.local_key) => {
                request.write_success(source, &self.local_key, out);
                true
            }
            _ => false,
        }
    }
}

pub fn is_success(datagram: &[u8]) -> bool {
    datagram.starts_with(&BINDING_SUCCESS)
}
