"""Alibaba Cloud PDS: its JSON API, and content at signed URLs."""
