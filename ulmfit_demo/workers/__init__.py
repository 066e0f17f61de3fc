"""Child processes for what is slow or not trusted: each a script of its own, within limits."""
