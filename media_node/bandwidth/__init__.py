"""Who gets which bits: pure functions over wishes and tracks."""
