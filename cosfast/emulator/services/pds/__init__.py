"""Alibaba Cloud PDS: its JSON API, and content by signed URLs."""
