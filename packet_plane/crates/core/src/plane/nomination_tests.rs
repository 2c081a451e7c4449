use std::net::SocketAddr;

use super::tests::{Client, ms};
use super::*;
use crate::command::Command;
use crate::rtcp::receiver_report;
use crate::stun;

const WIFI: u32 = 2_122_260_223;
const MOBILE: u32 = 2_122_187_007;

/// A client with two ways to the plane, the first of which is in use.
struct TwoWays {
    plane: Plane,
    client: Client,
    wifi: SocketAddr,
    mobile: SocketAddr,
}

impl TwoWays {
    fn new() -> Self {
        let mut plane = Plane::default();
        let client = Client::join(&mut plane, ms(0), 1);
        let wifi = client.address;
        let mut ways = TwoWays {
            plane,
            client,
            wifi,
            mobile: SocketAddr::from(([127, 0, 0, 2], 7_000)),
        };
        ways.nominate(0, wifi, WIFI);
        ways.moves();
        ways
    }

    fn nominate(&mut self, at: u64, from: SocketAddr, priority: u32) {
        self.nominate_as("user1", "a password of the session", at, from, priority);
    }

    fn nominate_as(&mut self, ufrag: &str, password: &str, at: u64, from: SocketAddr, priority: u32) {
        let key = stun::integrity_key(password);
        let mut request = Vec::new();
        stun::write_nomination(&format!("{ufrag}:them"), &key, [9; 12], priority, &mut request);
        self.plane.handle_datagram(ms(at), from, &request);
    }

    fn report(&mut self, at: u64, from: SocketAddr) {
        let mut compound = Vec::new();
        receiver_report::write(7, &[], &mut compound);
        self.client.address = from;
        self.client.send_rtcp(&mut self.plane, ms(at), &compound);
    }

    /// Where the client was found to be since the last time.
    fn moves(&mut self) -> Vec<SocketAddr> {
        let events = std::iter::from_fn(|| self.plane.poll_event());
        events
            .filter_map(|event| match event {
                Event::TransportConnected { address, .. } => Some(address),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn of_two_nominated_pairs_the_one_of_the_higher_priority_is_used() {
    for (wifi_each, mobile_each) in [
        (250, 250),
        (1_000, 1_000),
        (2_500, 2_500),
        (2_500, 500),
        (5_000, 1_000),
    ] {
        let mut ways = TwoWays::new();
        let (wifi, mobile) = (ways.wifi, ways.mobile);
        for at in (0..60_000).step_by(50) {
            if at % mobile_each == 100 {
                ways.nominate(at, mobile, MOBILE);
            }
            if at % wifi_each == 200 {
                ways.nominate(at, wifi, WIFI);
            }
        }
        assert_eq!(ways.moves(), [], "{wifi_each} {mobile_each}");
    }
}

#[test]
fn a_better_pair_is_used_at_once() {
    let mut ways = TwoWays::new();
    let (wifi, mobile) = (ways.wifi, ways.mobile);
    ways.nominate(10, mobile, WIFI + 1);
    assert_eq!(ways.moves(), [mobile]);
    ways.nominate(20, wifi, WIFI + 2);
    assert_eq!(ways.moves(), [wifi]);
}

#[test]
fn a_client_whose_media_comes_another_way_is_followed_once_the_first_one_has_fallen_silent() {
    let mut ways = TwoWays::new();
    let (wifi, mobile) = (ways.wifi, ways.mobile);
    ways.report(1_000, wifi);
    ways.nominate(1_050, mobile, MOBILE);
    for at in (1_060..1_500).step_by(40) {
        ways.report(at, mobile);
        assert_eq!(ways.moves(), [], "{at}");
    }
    ways.report(1_500, mobile);
    assert_eq!(ways.moves(), [mobile]);
    // It may have come back since.
    ways.nominate(1_600, wifi, WIFI);
    assert_eq!(ways.moves(), [wifi]);
}

#[test]
fn a_client_that_only_checks_from_elsewhere_is_followed_after_three_times_its_usual_silence() {
    for (usual, moved_after) in [(50, 1_000), (600, 1_800), (5_000, 6_000)] {
        let mut ways = TwoWays::new();
        let (wifi, mobile) = (ways.wifi, ways.mobile);
        (1..20).for_each(|number| ways.report(number * usual, wifi));
        let last = 19 * usual;
        ways.nominate(last + moved_after - 1, mobile, MOBILE);
        assert_eq!(ways.moves(), [], "{usual}");
        ways.nominate(last + moved_after, mobile, MOBILE);
        assert_eq!(ways.moves(), [mobile], "{usual}");
    }
}

#[test]
fn a_client_that_comes_back_is_known_to_be_silent_at_times() {
    let mut ways = TwoWays::new();
    let (wifi, mobile) = (ways.wifi, ways.mobile);
    (1..20).for_each(|number| ways.report(number * 50, wifi));
    let mut moves = 0;
    for at in (1_000..60_000).step_by(500) {
        ways.nominate(at, mobile, MOBILE);
        if at % 2_500 == 0 {
            ways.nominate(at, wifi, WIFI);
        }
        moves += ways.moves().len();
    }
    assert_eq!(moves, 2);
}

#[test]
fn who_has_said_nothing_for_longer_than_consent_lasts_is_followed_at_once() {
    let mut ways = TwoWays::new();
    let mobile = ways.mobile;
    ways.nominate(6_000, mobile, MOBILE);
    assert_eq!(ways.moves(), [mobile]);
}

#[test]
fn what_is_nominated_after_a_restart_is_used_at_once() {
    let mut ways = TwoWays::new();
    let (wifi, mobile) = (ways.wifi, ways.mobile);
    ways.plane.handle_command(
        ms(10),
        Command::RestartIce {
            transport: TransportId(1),
            local_ufrag: "anew".into(),
            local_password: "another password".into(),
        },
    );
    ways.nominate(20, mobile, MOBILE);
    assert_eq!(ways.moves(), []);
    ways.nominate_as("anew", "another password", 30, mobile, MOBILE);
    assert_eq!(ways.moves(), [mobile]);
    // From then on priorities count again.
    ways.nominate_as("anew", "another password", 40, wifi, MOBILE - 1);
    assert_eq!(ways.moves(), []);
}
