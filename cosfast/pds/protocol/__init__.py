"""PDS's calls as data: what is asked, and how the answer is read. Nothing here sends.

The API takes a JSON object by POST and answers with one. Content travels by signed URLs, which the
API gives out and which need no token.
"""
