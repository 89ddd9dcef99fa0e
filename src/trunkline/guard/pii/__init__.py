"""Personal data: a detector for each kind, and checksums wherever an issuer has them."""
