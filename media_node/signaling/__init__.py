"""The node's edge toward clients: WebSocket, WHIP and WHEP; parses, checks, formats."""
