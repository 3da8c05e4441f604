"""The transfer engine: requests, retries, uploads and downloads; the only layer with sockets."""
