//! Paths whose delay is never still although nothing queues: radio that tries again, schedulers that let go in bursts.

use std::time::Duration;

use packet_plane_netem::{Conditions, Pauses};

use crate::flow::{Flow, Way};
use crate::path::Path;
use crate::{DELAY, PLENTY, QUEUE, SEEDS, check_shares, flow, mean, secs};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn uneven(jitter_ms: u64, keeps_order: bool) -> Conditions {
    Conditions {
        delay: DELAY,
        jitter: ms(jitter_ms),
        keeps_order,
        ..Conditions::default()
    }
}

fn pausing(lasting: (u64, u64), apart: (u64, u64)) -> Conditions {
    let both = |(least, most)| (ms(least), ms(most));
    Conditions {
        delay: DELAY,
        keeps_order: true,
        pauses: Some(Pauses {
            lasting: both(lasting),
            apart: both(apart),
        }),
        ..Conditions::default()
    }
}

/// What a path does to packets and to reports, and the share of it that is used at least, in the mean of the runs.
fn paths() -> [(&'static str, Conditions, f64); 6] {
    [
        ("none", uneven(0, true), 0.9),
        ("up to 40 ms, in order", uneven(40, true), 0.85),
        ("up to 80 ms, in order", uneven(80, true), 0.8),
        ("up to 80 ms, in any order", uneven(80, false), 0.75),
        ("let go each 20 to 60 ms", pausing((20, 60), (0, 0)), 0.85),
        ("100 ms each 2 to 6 s", pausing((100, 100), (2_000, 6_000)), 0.88),
    ]
}

/// A flow over such a path, run for so many seconds of a plan.
fn run(seed: u64, conditions: Conditions, plan: &[(u64, u64)], seconds: u64) -> Path {
    let mut one = Flow::new((seed, 0), PLENTY, DELAY, vec![secs(0)..secs(10_000)]);
    one.travel(conditions);
    let mut path = Path::new(vec![one], plan, QUEUE);
    path.run(secs(seconds));
    path
}

#[test]
fn a_path_that_is_uneven_is_used_almost_as_one_that_is_not() {
    for (name, conditions, least) in paths() {
        let paths: Vec<_> = SEEDS
            .map(|seed| run(seed, conditions, &[(0, 4_000)], 60))
            .collect();
        let used = |from, to| {
            let runs = paths.iter().map(|path| path.utilisation(Way::Forward, from, to));
            runs.collect::<Vec<_>>()
        };
        let queues = paths
            .iter()
            .map(|path| path.queue_p95(Way::Forward, 20, 60).as_millis() as f64);
        let queues: Vec<_> = queues.collect();
        println!(
            "jitter, {name}: used {:.2?}, then {:.2?}; queue p95 {queues:.0?}",
            used(5, 20),
            used(20, 60)
        );
        assert!(mean(&used(20, 60)) >= least, "{name}");
        assert!(mean(&used(5, 20)) >= least - 0.1, "{name}");
        assert!(mean(&queues) <= 140.0, "{name}");
    }
}

#[test]
fn sizes_of_a_camera_are_chosen_on_an_uneven_path_as_on_one_that_is_not() {
    for (name, conditions, _) in paths() {
        let largest: Vec<f64> = SEEDS
            .map(|seed| {
                let mut one = flow((seed, 0), 0);
                one.send_sizes(ms(150));
                one.travel(conditions);
                let mut path = Path::new(vec![one], &[(0, 4_000)], QUEUE);
                path.run(secs(60));
                let simulcast = path.flows[0].simulcast.as_ref();
                let frames = simulcast.map_or(&[][..], |simulcast| &simulcast.frames);
                let after = frames.iter().filter(|(at, _)| *at >= secs(10));
                let sizes: Vec<usize> = after.map(|(_, size)| *size).collect();
                // Of all that there was time for.
                sizes.iter().filter(|size| **size == 2).count() as f64 / 1_500.0
            })
            .collect();
        println!("jitter, {name}: largest size {largest:.2?}");
        assert!(mean(&largest) >= 0.85, "{name}");
    }
}

#[test]
fn a_fall_is_seen_on_an_uneven_path_too() {
    for (name, conditions, _) in paths() {
        let paths: Vec<_> = SEEDS
            .map(|seed| run(seed, conditions, &[(0, 2_500), (30, 600)], 60))
            .collect();
        let each = |look: &dyn Fn(&Path) -> f64| paths.iter().map(look).collect::<Vec<_>>();
        let settled = each(&|path| path.reaction(Way::Forward, 30).as_secs_f64());
        let used = each(&|path| path.utilisation(Way::Forward, 32, 60));
        let queues = each(&|path| path.queue_p95(Way::Forward, 35, 60).as_millis() as f64);
        println!("jitter, {name}: down in {settled:.1?} s, then used {used:.2?}, queue p95 {queues:.0?}");
        assert!(settled.iter().all(|seconds| *seconds <= 1.0), "{name}");
        assert!(mean(&used) >= 0.75 && mean(&queues) <= 180.0, "{name}");
    }
}

#[test]
fn two_flows_share_an_uneven_path() {
    for (name, conditions, _) in paths() {
        let mut totals = [0.0, 0.0];
        for seed in SEEDS {
            let mut flows = vec![flow((seed, 0), 0), flow((seed, 1), 10)];
            flows.iter_mut().for_each(|flow| flow.travel(conditions));
            let mut path = Path::new(flows, &[(0, 3_000)], QUEUE);
            path.run(secs(100));
            let rates = [0, 1].map(|flow| path.rate(flow, 30, 100));
            check_shares(&format!("jitter, {name}"), &rates, (0.5, 1.5));
            totals = [totals[0] + rates[0], totals[1] + rates[1]];
        }
        check_shares(&format!("jitter, {name}, all runs"), &totals, (0.75, 1.25));
    }
}
