"""Records written and read, keys, signatures and attestations."""
