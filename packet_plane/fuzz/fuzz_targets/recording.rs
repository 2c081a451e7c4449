#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| packet_plane_fuzz::recording(bytes));
