"""WeDrive and WeDoc as data: every call built and read. Nothing here opens a socket."""
