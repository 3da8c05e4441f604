"""Requests on their way: the one floor of the client with sockets of its own."""
