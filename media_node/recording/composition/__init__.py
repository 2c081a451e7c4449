"""From the takes of a recording to files that people can watch, minute by minute."""
