"""The COS v4 JSON API without I/O: builds requests and reads responses."""
