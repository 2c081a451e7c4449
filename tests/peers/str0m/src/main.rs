//! A WebRTC client on str0m for tests of the media node: publishes the frames it is given and says what it receives.
//!
//! Owns one connection over one UDP socket. Knows nothing of HTTP, nor of what a frame shows: the test that starts it
//! carries offer and answer, makes the frames and looks at those that arrive. `plan.rs` is what both say to each
//! other. It ends with its input.

mod peer;
mod plan;
mod streams;

use std::error::Error;
use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, channel};

use peer::Peer;
use plan::{Answer, Plan, Said};

pub type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let told = told();
    let plan: Plan = serde_json::from_str(&told.recv()?)?;
    let (mut peer, offer) = Peer::new(plan)?;
    say(&Said::Offer(offer))?;
    let answer: Answer = serde_json::from_str(&told.recv()?)?;
    peer.take(&answer.answer)?;
    let reason = peer.run(&told)?;
    say(&Said::Ended(reason))
}

/// The lines of the input, by a thread of their own; the channel ends with the input.
fn told() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn say(said: &Said) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(said)?);
    Ok(())
}
