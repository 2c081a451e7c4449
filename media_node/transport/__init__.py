"""ICE-lite, DTLS and SDP: what a connection is made of. The only user of OpenSSL."""
