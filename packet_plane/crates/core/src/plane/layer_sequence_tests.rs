//! Whole sequences of scalable video through a plane: whatever layers are asked for and whatever gets lost or comes late,
//! what goes out can be decoded, its numbers continue, and the layers asked for are reached.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::scalable_meeting::{Form, Ids, Meeting, Seen, Sent};
use super::scalable_stream::{Mode, mode};
use crate::layer_selector::LayerTarget;

const MODES: [Mode; 9] = [
    mode(1, 3, false),
    mode(2, 1, false),
    mode(2, 2, false),
    mode(2, 3, false),
    mode(3, 3, false),
    mode(2, 2, true),
    mode(3, 1, true),
    mode(3, 3, true),
    // Told by VP9's descriptor alone.
    Mode {
        is_chained: true,
        ..mode(2, 2, false)
    },
];
const FORMS: [Form; 3] = [
    Form::Vp9 { has_long_ids: true },
    Form::Vp9 { has_long_ids: false },
    Form::Descriptor,
];
/// Pictures after which what takes no keyframe is reached: a turn of the temporal layers and one more.
const SETTLED: usize = 5;

/// What is asked for from a picture on, and whether that is a keyframe.
#[derive(Clone, Copy, Debug)]
struct Step {
    target: Option<LayerTarget>,
    is_key: bool,
}

/// Of a hundred packets so many are lost, and so many come late.
#[derive(Clone, Copy, Debug)]
struct Disorder {
    lost: u64,
    late: u64,
}

/// Chances that a failure repeats.
struct Chances(u64);

impl Chances {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What has become of the packets of a meeting.
struct Run {
    mode: Mode,
    steps: Vec<Step>,
    sent: BTreeMap<u64, Sent>,
    /// Those that came, and those of them that no later one had overtaken.
    arrived: BTreeSet<u64>,
    in_order: BTreeSet<u64>,
    /// Those that do not go out by themselves, though their frames may: they came late from before a pause, or before a
    /// late beginning. Their numbers are kept for them.
    excused: BTreeSet<u64>,
    seen: Vec<Seen>,
    /// Where the slot began: at first, and after each pause.
    starts: Vec<u64>,
    /// What was carried after each picture whose last packet came in order.
    currents: BTreeMap<usize, Option<LayerTarget>>,
}

impl Run {
    /// Send the pictures of `steps` and hand over what comes of them.
    fn new(form: Form, mode: Mode, ids: Ids, steps: Vec<Step>, disorder: Disorder, seed: u64) -> Self {
        let mut meeting = Meeting::new(form, mode, ids);
        let mut chances = Chances(seed);
        let (mut sent, mut position) = (Vec::new(), 0);
        for (picture, step) in steps.iter().enumerate() {
            position = if step.is_key || picture == 0 {
                0
            } else {
                position + 1
            };
            let parts = chances.below(27) as usize;
            let count = |spatial: u8| 1 + parts / 3usize.pow(spatial.into()) % 3;
            sent.extend(meeting.packets(picture, position, count));
        }
        let mut run = Run {
            mode,
            steps,
            sent: sent.iter().map(|one| (one.sequence, one.clone())).collect(),
            arrived: BTreeSet::new(),
            in_order: BTreeSet::new(),
            excused: BTreeSet::new(),
            seen: Vec::new(),
            starts: Vec::new(),
            currents: BTreeMap::new(),
        };
        run.carry(&mut meeting, &arriving(sent, &mut chances, disorder));
        run
    }

    fn carry(&mut self, meeting: &mut Meeting, arriving: &[Sent]) {
        let (mut now, mut paused_at, mut begins) = (None, None, true);
        for packet in arriving {
            let picture = packet.frame.picture;
            if now.is_none_or(|now| picture > now) {
                now = Some(picture);
                meeting.select(self.steps[picture].target);
                if self.steps[picture].target.is_none() {
                    (paused_at, begins) = (Some(picture), true);
                }
            }
            let is_late = self.arrived.last().is_some_and(|last| packet.sequence < *last);
            self.arrived.insert(packet.sequence);
            if !is_late {
                self.in_order.insert(packet.sequence);
            } else if paused_at.is_some_and(|pause| picture < pause) {
                self.excused.insert(packet.sequence);
            }
            let seen = meeting.arrive(packet);
            let first = seen.first().filter(|_| begins);
            if let Some(first) = first {
                self.starts.push(first.sequence);
                let overtaking = self.arrived.range(first.sequence + 1..);
                self.excused.extend(overtaking.copied());
                begins = false;
            }
            self.seen.extend(seen);
            if self.ends_picture(packet) && !is_late {
                self.currents.insert(picture, meeting.current());
                self.check_reached(picture);
            }
        }
    }

    fn packets_of(&self, picture: usize) -> impl Iterator<Item = &Sent> {
        self.sent
            .values()
            .filter(move |sent| sent.frame.picture == picture)
    }

    fn ends_picture(&self, packet: &Sent) -> bool {
        let next = self.sent.get(&(packet.sequence + 1));
        next.is_none_or(|next| next.frame.picture != packet.frame.picture)
    }

    fn is_whole(&self, picture: usize) -> bool {
        self.packets_of(picture)
            .all(|packet| self.in_order.contains(&packet.sequence))
    }

    /// The best that the stream has of what is asked for, `None` in a pause.
    fn wanted(&self, picture: usize) -> Option<LayerTarget> {
        let target = self.steps[picture].target?;
        Some(LayerTarget {
            spatial: target.spatial.min(self.mode.spatial - 1),
            temporal: target.temporal.min(self.mode.temporal - 1),
        })
    }

    /// What is asked for is carried after a keyframe that came whole, and without one after a turn that did: a lower
    /// spatial layer where it has been sent all along, and any temporal layer but a chain's.
    fn check_reached(&self, picture: usize) {
        let Some(wanted) = self.wanted(picture).filter(|_| self.is_whole(picture)) else {
            return;
        };
        let layers: BTreeSet<u8> = (picture.saturating_sub(SETTLED)..picture)
            .flat_map(|picture| self.packets_of(picture))
            .filter(|packet| self.arrived.contains(&packet.sequence))
            .map(|packet| packet.frame.spatial)
            .collect();
        // Only then is it known which layers there are.
        if layers.len() < usize::from(self.mode.spatial) {
            return;
        }
        let current = self.currents[&picture];
        if self.is_key(picture) {
            let spatial = current.map(|current| current.spatial);
            assert_eq!(spatial, Some(wanted.spatial), "after keyframe {picture}");
        }
        if self.has_settled(picture, wanted) {
            assert_eq!(current, Some(wanted), "after picture {picture}");
        }
    }

    fn is_key(&self, picture: usize) -> bool {
        self.packets_of(picture).all(|packet| packet.frame.is_key)
    }

    fn has_settled(&self, picture: usize, wanted: LayerTarget) -> bool {
        let Some(began) = picture.checked_sub(SETTLED) else {
            return false;
        };
        let is_constant = |one: usize| self.wanted(one) == Some(wanted) && self.is_whole(one);
        let is_turn = (began + 2..=picture).all(|one| !self.is_key(one));
        let before = self.currents.get(&began).copied().flatten();
        let leads_there = before.is_some_and(|before| {
            let descends = !self.mode.is_key_svc && before.spatial > wanted.spatial;
            !self.mode.is_chained && (descends || before.spatial == wanted.spatial)
        });
        let leads_there = leads_there || self.is_key(began + 1);
        leads_there && is_turn && (began + 1..=picture).all(is_constant)
    }

    /// Of a frame that came in order, all goes out that came; so does all of what it is predicted from.
    fn check_decodable(&self) {
        let forwarded: BTreeSet<u64> = self.seen.iter().map(|seen| seen.sequence).collect();
        for sequence in forwarded.intersection(&self.in_order) {
            let frame = &self.sent[sequence].frame;
            let own = std::iter::once((frame.picture, frame.spatial));
            for (picture, spatial) in own.chain(frame.needs.iter().copied()) {
                let parts = self
                    .packets_of(picture)
                    .filter(|part| part.frame.spatial == spatial);
                for part in parts.filter(|part| self.arrived.contains(&part.sequence)) {
                    let part = &part.sequence;
                    let is_there = forwarded.contains(part) || self.excused.contains(part);
                    assert!(is_there, "layer {spatial} of {picture}, which {frame:?} needs");
                }
            }
        }
    }

    /// No number goes to two packets, and none is missing but for those that were lost. What is lost behind a keyframe that
    /// comes so late that the slot begins again with it has a number from before too.
    fn check_numbers(&self) {
        let numbers: BTreeSet<u64> = self.seen.iter().map(|seen| seen.out).collect();
        assert_eq!(numbers.len(), self.seen.len(), "a number went out twice");
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            let missing = (last - first + 1) as usize - numbers.len();
            let lost = self.sent.len() - self.arrived.len();
            assert!(
                missing <= self.starts.len() * (lost + self.excused.len()),
                "{missing} missing of {lost}"
            );
        }
    }

    /// Ids keep their distances while the slot goes on, late packets too, and continue where it begins again.
    fn check_ids(&self, masks: Ids) {
        let within = |(id, tl0): Ids| (id & masks.0, tl0 & masks.1);
        let minus = |seen: Ids, sent: Ids| within((seen.0.wrapping_sub(sent.0), seen.1.wrapping_sub(sent.1)));
        let mut newest = None::<Seen>;
        let mut firsts = BTreeMap::new();
        let (mut begun, mut beginnings) = (Vec::<&u64>::new(), self.starts.iter().peekable());
        for seen in &self.seen {
            // A keyframe that comes late may begin with a lower number than went out before.
            begun.extend(beginnings.next_if_eq(&&seen.sequence));
            let start = begun.iter().rposition(|start| **start <= seen.sequence);
            let distance = minus(seen.ids, self.sent[&seen.sequence].ids);
            let first = *firsts.entry(start).or_insert_with(|| {
                let next = newest.map(|before| (before.ids.0.wrapping_add(1), before.ids.1.wrapping_add(1)));
                if let Some(next) = next {
                    assert_eq!(within(seen.ids), within(next), "the slot begins again");
                }
                distance
            });
            assert_eq!(distance, first, "of {seen:?}");
            if newest.is_none_or(|newest| newest.out < seen.out) {
                newest = Some(*seen);
            }
        }
    }
}

/// The packets in the order in which they come, without those that do not.
fn arriving(sent: Vec<Sent>, chances: &mut Chances, disorder: Disorder) -> Vec<Sent> {
    let mut arriving = Vec::new();
    for (at, packet) in sent.into_iter().enumerate() {
        let chance = chances.below(100);
        if chance < disorder.lost {
            continue;
        }
        let is_late = chance < disorder.lost + disorder.late;
        let behind = if is_late {
            2 + chances.below(25) as usize
        } else {
            0
        };
        arriving.push((at + behind, packet));
    }
    arriving.sort_by_key(|(at, packet)| (*at, packet.sequence));
    arriving.into_iter().map(|(_, packet)| packet).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // What is asked for holds for some pictures: nothing is reached where it changes with each.
    let target = prop_oneof![
        12 => (0u8..4, 0u8..4).prop_map(|(spatial, temporal)| Some(LayerTarget { spatial, temporal })),
        1 => Just(None),
    ];
    let wishes = proptest::collection::vec((target, 1usize..14, 0usize..20), 1..12);
    wishes.prop_map(|wishes| {
        let step = |(target, pictures, key): (Option<LayerTarget>, usize, usize)| {
            (0..pictures).map(move |picture| Step {
                target,
                is_key: picture == key,
            })
        };
        wishes.into_iter().flat_map(step).collect()
    })
}

fn check(form: Form, mode: Mode, before_wrap: (u16, u8), steps: Vec<Step>, disorder: Disorder, seed: u64) {
    let ids = (before_wrap.0.wrapping_neg(), before_wrap.1.wrapping_neg());
    let run = Run::new(form, mode, ids, steps, disorder, seed);
    run.check_decodable();
    run.check_numbers();
    run.check_ids(match form {
        Form::Descriptor => (0xffff, 0),
        Form::Vp9 { has_long_ids: true } => (0x7fff, 0xff),
        Form::Vp9 { .. } => (0x7f, 0xff),
    });
}

proptest! {
    /// Ids wrap on the way, pictures are in several packets, and packets of before a switch come after it.
    #[test]
    fn what_goes_out_of_scalable_video_can_be_decoded_and_is_what_was_asked_for(
        form in 0..FORMS.len(),
        mode in 0..MODES.len(),
        before_wrap in (0u16..60, 0u8..40),
        steps in steps(),
        disorder in prop_oneof![Just((0, 0)), Just((0, 10)), Just((3, 3)), Just((15, 10))],
        seed in any::<u64>(),
    ) {
        let (form, mode) = (FORMS[form], MODES[mode]);
        prop_assume!(form != Form::Descriptor || !mode.is_chained);
        let disorder = Disorder { lost: disorder.0, late: disorder.1 };
        check(form, mode, before_wrap, steps, disorder, seed);
    }
}
