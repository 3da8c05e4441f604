"""What is on the wire: HTTP, bodies and their fields, addresses, signatures, answers."""
