"""Parley's control plane: meetings, who may join them, and which media node carries them.

Chalice stops at routes/; services/ hold one use case per function; domain/ decides and knows nothing of
AWS; stores/ keep. bootstrap.py wires them and alone reads the environment.
"""
