"""COS v4, the JSON API (PROTOCOL.md)."""
