"""What the benchmarks of the media path share: servers, the load generator, and the form of figures."""
