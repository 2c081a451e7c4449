"""One use case per function, over the Protocols of protocols.py."""
