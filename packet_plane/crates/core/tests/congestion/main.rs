//! The cases of RFC 8867 section 5 in virtual time: utilisation, queue, reaction and fairness of the estimator.
//!
//! `cargo test --test congestion -- --nocapture` prints the figures; what is asserted is what holds with a margin.

mod flow;
mod path;
mod tcp;

use std::time::Duration;

use flow::Flow;
use path::Path;
use tcp::Tcp;

const QUEUE: Duration = Duration::from_millis(300);
const DELAY: Duration = Duration::from_millis(50);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn flow(number: usize, max_kbps: u64, from: u64) -> Flow {
    Flow::new(number, max_kbps * 1_000, DELAY, vec![secs(from)..secs(10_000)])
}

fn print(case: &str, path: &Path, segments: &[(u64, u64)]) {
    for (from, to) in segments {
        let share = path.utilisation(*from, *to);
        let queue = path.queue_p95(*from, *to).as_millis();
        println!("{case}: {from} to {to} s: utilisation {share:.2}, queue p95 {queue} ms");
        assert!(share > 0.75, "{case}: {share}");
    }
}

/// Whether each of these rates is near to the mean of all.
fn is_shared(rates: &[u64], least: f64, most: f64) -> bool {
    let mean = rates.iter().sum::<u64>() as f64 / rates.len() as f64;
    rates
        .iter()
        .all(|rate| (least..most).contains(&(*rate as f64 / mean)))
}

#[test]
fn case_5_1_one_flow_follows_a_capacity_that_changes() {
    let plan = [(0, 1_000), (40, 2_500), (60, 600), (80, 1_000)];
    let mut path = Path::new(vec![flow(0, 10_000, 0)], &plan, QUEUE);
    path.run(secs(100));
    print("5.1", &path, &[(10, 40), (45, 60), (62, 80), (85, 100)]);
    println!("5.1: step down in {} ms", path.reaction(60).as_millis());
    assert!(path.queue_p95(10, 100) < Duration::from_millis(150));
    assert!(path.reaction(60) <= secs(1));
}

#[test]
fn case_5_2_two_flows_follow_it_and_share() {
    let plan = [(0, 4_000), (25, 2_000), (50, 3_500), (75, 1_000), (100, 2_000)];
    let mut path = Path::new(vec![flow(0, 10_000, 0), flow(1, 10_000, 0)], &plan, QUEUE);
    path.run(secs(125));
    print(
        "5.2",
        &path,
        &[(10, 25), (30, 50), (55, 75), (77, 100), (105, 125)],
    );
    let share = path.rate(0, 10, 125) / path.rate(1, 10, 125);
    println!(
        "5.2: share {share:.2}; step down in {} ms",
        path.reaction(75).as_millis()
    );
    assert!((0.6..1.7).contains(&share), "{share}");
    assert!(path.reaction(75) <= secs(2));
}

#[test]
fn case_5_4_three_flows_that_come_one_after_another_share() {
    let flows = vec![flow(0, 10_000, 0), flow(1, 10_000, 20), flow(2, 10_000, 40)];
    let mut path = Path::new(flows, &[(0, 3_500)], QUEUE);
    path.run(secs(120));
    print("5.4", &path, &[(10, 20), (25, 40), (60, 120)]);
    let rates: Vec<u64> = (0..3)
        .map(|flow| path.rate(flow, 80, 120) as u64 / 1_000)
        .collect();
    println!("5.4: kbit/s from 80 to 120 s: {rates:?}");
    assert!(is_shared(&rates, 0.7, 1.4), "{rates:?}");
}

#[test]
fn case_5_5_flows_of_different_round_trips_share() {
    let flows = [10, 25, 50, 100, 150].iter().enumerate().map(|(number, delay)| {
        let active = vec![secs(number as u64 * 10)..secs(10_000)];
        Flow::new(number, 10_000_000, Duration::from_millis(*delay), active)
    });
    let mut path = Path::new(flows.collect(), &[(0, 4_000)], QUEUE);
    path.run(secs(300));
    print("5.5", &path, &[(60, 300)]);
    let rates: Vec<u64> = (0..5)
        .map(|flow| path.rate(flow, 100, 300) as u64 / 1_000)
        .collect();
    println!("5.5: kbit/s from 100 to 300 s: {rates:?}");
    assert!(is_shared(&rates, 0.3, 3.0), "{rates:?}");
}

#[test]
fn case_5_6_a_long_tcp_transfer_leaves_the_flow_something() {
    for queue in [20, 300, 1_000] {
        let queue = Duration::from_millis(queue);
        let mut path = Path::new(vec![flow(0, 10_000, 5)], &[(0, 2_000)], queue);
        path.tcp = Some((Duration::ZERO, Tcp::new()));
        path.run(secs(120));
        let rate = path.rate(0, 20, 120) / 1_000.0;
        println!(
            "5.6 queue {} ms: media {rate:.0} kbit/s of 2000",
            queue.as_millis()
        );
        assert!(rate > 100.0, "a voice and a small picture: {rate}");
    }
}

#[test]
fn case_5_8_a_flow_that_pauses_comes_back() {
    let paused = Flow::new(
        0,
        10_000_000,
        DELAY,
        vec![secs(0)..secs(40), secs(60)..secs(10_000)],
    );
    let mut path = Path::new(
        vec![paused, flow(1, 10_000, 0), flow(2, 10_000, 0)],
        &[(0, 3_500)],
        QUEUE,
    );
    path.run(secs(120));
    print("5.8", &path, &[(10, 40), (45, 60), (65, 120)]);
    let rates: Vec<u64> = (0..3)
        .map(|flow| path.rate(flow, 80, 120) as u64 / 1_000)
        .collect();
    println!("5.8: kbit/s from 80 to 120 s: {rates:?}");
    assert!(is_shared(&rates, 0.6, 1.6), "{rates:?}");
}

#[test]
fn random_loss_does_not_take_the_rate() {
    for loss in [0.05, 0.15, 0.30] {
        let mut path = Path::new(vec![flow(0, 2_000, 0)], &[(0, 3_000)], QUEUE);
        path.flows[0].lose(loss);
        path.run(secs(60));
        let sent: usize = path.flows[0].tenths[200..].iter().map(|t| t.sent).sum();
        println!(
            "loss {loss}: sends {:.0} kbit/s of 2000 wanted",
            sent as f64 * 8.0 / 40.0 / 1_000.0
        );
        assert!(sent as f64 * 8.0 / 40.0 > 1_700_000.0, "{loss}");
    }
}

#[test]
fn an_outage_of_capacity_is_survived_and_forgotten() {
    let plan = [(0, 2_000), (30, 250), (50, 30), (70, 2_000)];
    let mut path = Path::new(vec![flow(0, 2_000, 0)], &plan, QUEUE);
    path.run(secs(100));
    print(
        "2 M, 250 k, 30 k, 2 M",
        &path,
        &[(10, 30), (33, 50), (53, 70), (80, 100)],
    );
    let back = (700..1_000).find(|at| path.flows[0].tenths[*at].estimate_bps > 1_600_000);
    println!("full again after {:?} s", back.map(|at| (at - 700) as f64 / 10.0));
    println!(
        "step down in {} ms and {} ms",
        path.reaction(30).as_millis(),
        path.reaction(50).as_millis()
    );
    assert!(back.is_some_and(|at| at <= 800));
    assert!(path.reaction(30) <= secs(1) && path.reaction(50) <= secs(3));
}
