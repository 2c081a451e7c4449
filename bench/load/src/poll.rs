//! Waiting for many sockets at once, to the microsecond (epoll(7), `epoll_pwait2`).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

const EVENTS: usize = 256;

pub struct Poll {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
    ready: Vec<u64>,
}

impl Poll {
    /// # Errors
    /// When the system has no descriptor left.
    pub fn new() -> Result<Self, String> {
        // SAFETY: the new descriptor, if there is one, belongs to nobody else.
        let epoll = unsafe {
            match libc::epoll_create1(libc::EPOLL_CLOEXEC) {
                fd if fd >= 0 => OwnedFd::from_raw_fd(fd),
                _ => return Err(io::Error::last_os_error().to_string()),
            }
        };
        Ok(Poll {
            epoll,
            events: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS],
            ready: Vec::with_capacity(EVENTS),
        })
    }

    /// # Errors
    /// As `epoll_ctl(2)`.
    pub fn add(&mut self, fd: RawFd, name: u64) -> Result<(), String> {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: name,
        };
        // SAFETY: one event on this frame.
        match unsafe {
            libc::epoll_ctl(
                self.epoll.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                fd,
                &raw mut event,
            )
        } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error().to_string()),
        }
    }

    /// The names of the sockets that have something, none when time ran out.
    pub fn wait(&mut self, wait: Duration) -> &[u64] {
        let timeout = libc::timespec {
            tv_sec: wait.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(wait.subsec_nanos() as i32),
        };
        // SAFETY: the vector has room for EVENTS events; the time-out is on this frame.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.as_raw_fd(),
                self.events.as_mut_ptr(),
                EVENTS as libc::c_int,
                &raw const timeout,
                std::ptr::null::<libc::sigset_t>(),
                size_of::<u64>(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        self.ready.clear();
        self.ready
            .extend(self.events[..count].iter().map(|event| event.u64));
        &self.ready
    }
}
