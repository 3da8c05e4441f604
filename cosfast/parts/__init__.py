"""From bytes to parts lists, and from parts lists back to what they say of the bytes."""
