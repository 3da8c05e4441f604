"""HTTP for all services: request targets, bodies, forms, downloads; no codes of a service."""
