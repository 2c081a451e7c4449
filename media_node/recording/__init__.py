"""Recorder processes, segments, manifest, upload."""
