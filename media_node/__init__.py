"""The media node: one asyncio process that signals, and a packet plane that carries the media."""
