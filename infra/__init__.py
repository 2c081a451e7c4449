"""Parley on AWS: one global stack, one stack per region. Imports no runtime code."""
