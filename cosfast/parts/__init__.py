"""Parts lists: making, reading, writing and verifying them."""
