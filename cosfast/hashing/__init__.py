"""SHA-1 and SHA-256 as in hashlib, with chaining states that can be exported and imported."""
