"""Links to other nodes, which take what a meeting there publishes."""
