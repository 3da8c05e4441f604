"""The JSON API of COS v4 (PROTOCOL.md)."""
