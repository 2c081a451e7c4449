"""Live meetings as pure state machines: commands in, events out; no clock, no socket, no loop."""
