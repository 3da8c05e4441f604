"""The requests of PDS as data, and the parsers of their responses. Nothing here sends requests.

The API receives a JSON object by POST and returns one. Content is sent to and received from signed
URLs, which the API returns and which need no token.
"""
