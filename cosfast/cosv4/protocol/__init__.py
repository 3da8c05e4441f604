"""The COS v4 JSON API without sockets: requests are built here and answers are read here."""
