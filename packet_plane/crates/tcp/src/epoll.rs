//! Which descriptors are ready (Linux epoll(7)), level-triggered.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

const EVENTS: usize = 64;

#[derive(Debug)]
pub struct Epoll {
    descriptor: OwnedFd,
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed.
        let raw = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just opened and belongs to nobody else.
        let descriptor = unsafe { OwnedFd::from_raw_fd(raw) };
        Ok(Epoll { descriptor })
    }

    /// Watch a descriptor for something to read.
    pub fn add(&self, descriptor: RawFd, name: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, name, false)
    }

    /// Watch it for room to write as well, or no longer.
    pub fn change(&self, descriptor: RawFd, name: u64, is_writing: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, descriptor, name, is_writing)
    }

    fn control(
        &self,
        operation: libc::c_int,
        descriptor: RawFd,
        name: u64,
        is_writing: bool,
    ) -> io::Result<()> {
        let writing = if is_writing { libc::EPOLLOUT } else { 0 };
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLRDHUP | writing) as u32,
            u64: name,
        };
        // SAFETY: one epoll_event on this frame.
        let result =
            unsafe { libc::epoll_ctl(self.descriptor.as_raw_fd(), operation, descriptor, &raw mut event) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Names of what is ready now, and whether it has room to write; more may be ready than fits.
    pub fn wait(&self, ready: &mut Vec<(u64, bool)>) {
        ready.clear();
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        // SAFETY: the array on this frame has room for as many events as are asked for.
        let count = unsafe {
            libc::epoll_wait(
                self.descriptor.as_raw_fd(),
                events.as_mut_ptr(),
                EVENTS as libc::c_int,
                0,
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        for event in &events[..count] {
            let (flags, name) = (event.events, event.u64);
            ready.push((name, flags & libc::EPOLLOUT as u32 != 0));
        }
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
