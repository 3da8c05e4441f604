"""SHA-1 with hashlib's face, whose chaining state can leave and come back."""
