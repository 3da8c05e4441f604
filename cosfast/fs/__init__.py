"""The fsspec filesystem `cosv4://bucket/path`: pandas, pyarrow, Dask and `fsspec.open` go by it.

- `CosV4FileSystem` (filesystem): fsspec's interface, and its cache of listings;
- `ReadingFile`, `WritingFile` (reading, writing): the files that it opens;
- `Buckets` (buckets): the client's calls by fsspec's paths, with Python's own errors;
- trees, oserrors, options: folders in one go, which error becomes which, storage options.
"""

from __future__ import annotations

try:
    import fsspec  # noqa: F401 - looked for here, where its absence can be explained
except ImportError as exc:
    raise ImportError("cosv4:// needs fsspec: pip install 'cosfast[fsspec]'") from exc

from cosfast.fs.filesystem import CosV4FileSystem
from cosfast.fs.reading import ReadingFile
from cosfast.fs.writing import WritingFile

__all__ = ["CosV4FileSystem", "ReadingFile", "WritingFile"]
