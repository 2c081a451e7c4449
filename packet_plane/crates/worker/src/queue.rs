//! The two queues of a worker: commands in, events out. Both bounded, both locked once per batch.
//!
//! The locks protect the vectors alone; nothing is called while one is held.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use packet_plane_core::command::Command;

use crate::WorkerEvent;
use crate::bell::Bell;

const MAX_COMMANDS: usize = 65_536;
const MAX_EVENTS: usize = 65_536;

/// A vector behind a lock is whole whatever happened to the thread that held it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Too many commands wait for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFullError;

impl std::fmt::Display for QueueFullError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "more than {MAX_COMMANDS} commands wait for the worker")
    }
}

impl std::error::Error for QueueFullError {}

pub(crate) struct CommandQueue {
    waiting: Mutex<Vec<Command>>,
    bell: Bell,
}

impl CommandQueue {
    pub fn new() -> io::Result<Self> {
        Ok(CommandQueue {
            waiting: Mutex::default(),
            bell: Bell::new()?,
        })
    }

    pub fn push(&self, commands: Vec<Command>) -> Result<(), QueueFullError> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() + commands.len() > MAX_COMMANDS {
            return Err(QueueFullError);
        }
        // The worker silences its bell before it takes all there is: who adds to what waits need not ring.
        let is_first = waiting.is_empty();
        waiting.extend(commands);
        drop(waiting);
        if is_first {
            self.ring();
        }
        Ok(())
    }

    pub fn ring(&self) {
        self.bell.ring();
    }

    pub fn take(&self) -> Vec<Command> {
        self.bell.silence();
        std::mem::take(&mut lock(&self.waiting))
    }

    pub fn fd(&self) -> RawFd {
        self.bell.as_raw_fd()
    }
}

/// Events of all workers for one reader.
pub struct EventQueue {
    waiting: Mutex<VecDeque<WorkerEvent>>,
    bell: Bell,
}

impl EventQueue {
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(EventQueue {
            waiting: Mutex::default(),
            bell: Bell::new()?,
        })
    }

    /// Readable while events wait.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.bell.as_raw_fd()
    }

    /// Add a batch; returns how many found no room.
    pub(crate) fn push(&self, events: &mut Vec<WorkerEvent>) -> usize {
        if events.is_empty() {
            return 0;
        }
        let mut waiting = lock(&self.waiting);
        let room = MAX_EVENTS.saturating_sub(waiting.len());
        let refused = events.len().saturating_sub(room);
        waiting.extend(events.drain(..).take(room));
        drop(waiting);
        events.clear();
        self.bell.ring();
        refused
    }

    /// Take at most `limit` events, oldest first.
    pub fn take(&self, limit: usize) -> Vec<WorkerEvent> {
        let mut waiting = lock(&self.waiting);
        let count = waiting.len().min(limit);
        let taken = waiting.drain(..count).collect();
        if waiting.is_empty() {
            self.bell.silence();
        }
        taken
    }
}
