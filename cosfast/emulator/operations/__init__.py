"""The operations of the API (PROTOCOL.md sections 4 and 5), one idea a module.

Each is a function of the server's context and the call; `table` lists them all. They
block, so they run in worker threads.
"""
