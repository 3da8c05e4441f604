"""The fsspec filesystem `cosv4://bucket/path`, for `fsspec.open`, pandas, pyarrow and Dask.

- filesystem: `CosV4FileSystem`, fsspec's interface, with its cache of listings;
- files: `ReadingFile` and `WritingFile`, the files that it opens;
- buckets: the client's calls by fsspec's paths, with Python's own errors;
- expansion, trees: patterns and folders expanded into paths; whole folders moved and deleted;
- options, oserrors: storage options; which error becomes which `OSError`.
"""

from __future__ import annotations

try:
    import fsspec  # noqa: F401 - if it is missing, say what to install
except ImportError as exc:
    raise ImportError("cosv4:// needs fsspec: install the extra cosfast[fsspec]") from exc

from cosfast.fs.files import ReadingFile, WritingFile
from cosfast.fs.filesystem import CosV4FileSystem

__all__ = ["CosV4FileSystem", "ReadingFile", "WritingFile"]
