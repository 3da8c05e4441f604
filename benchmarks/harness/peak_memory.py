"""Does one operation in a process of its own, and prints its answer and the most memory it held.

    peak_memory.py OPERATION ARGUMENT...

Run as a program: nothing but what the operation needs is imported. Linux alone says the peak of
this very process (VmHWM of /proc/self/status); ru_maxrss would count that of the parent too.
"""

from __future__ import annotations

import sys


def nothing(_paths: list[str]) -> str:
    """Stand for the interpreter alone."""
    return ""


def uploadparts(paths: list[str]) -> str:
    """Return the SHA-1 at the end of one file's list."""
    import cosfast  # noqa: PLC0415 - the interpreter alone is measured without it

    return cosfast.uploadparts(paths[0]).sha1


def verify(paths: list[str]) -> str:
    """Return which slices of a file differ from the list in the second path."""
    import cosfast  # noqa: PLC0415 - as above

    with open(paths[1], "rb") as file:  # noqa: PTH123 - pathlib would count as memory
        parts = cosfast.UploadParts.from_json(file.read())
    return str(cosfast.verify(paths[0], parts))


def uploadparts_many(paths: list[str]) -> str:
    """Return the SHA-1 of the one file, or the number of several."""
    import cosfast  # noqa: PLC0415 - as above

    digests = []
    for _, parts in cosfast.uploadparts_many(paths):
        if isinstance(parts, OSError):
            raise parts
        digests.append(parts.sha1)
    return digests[0] if len(digests) == 1 else str(len(digests))


def idle_client(arguments: list[str]) -> str:
    """Make a client of the server at an address, and ask it for nothing."""
    from harness.servers import connect  # noqa: PLC0415 - as above

    with connect(arguments[0]):
        return ""


def upload(arguments: list[str]) -> str:
    """Upload a file to the server at an address, with a kind of integrity; return its SHA-1."""
    from harness.servers import BUCKET, connect  # noqa: PLC0415 - as above

    endpoint, path, integrity = arguments
    with connect(endpoint) as client:
        return client.upload(path, BUCKET, "/file.bin", integrity=integrity).sha1


def idle_drive(arguments: list[str]) -> str:
    """Make a client of the WeDrive at an address, and ask it for nothing."""
    from harness.servers import connect_drive  # noqa: PLC0415 - as above

    with connect_drive(arguments[0], "t"):
        return ""


def upload_to_drive(arguments: list[str]) -> str:
    """Upload a file to the WeDrive at an address, so many blocks at once; return its SHA-1."""
    from harness.servers import connect_drive  # noqa: PLC0415 - as above

    endpoint, path, at_once = arguments
    with connect_drive(endpoint, "t") as client:
        return client.upload(path, spaceid="s.1", concurrency=int(at_once)).sha1


def list_folder(arguments: list[str]) -> str:
    """Return how many entries the server at an address lists in a folder."""
    from harness.servers import BUCKET, connect  # noqa: PLC0415 - as above

    with connect(arguments[0]) as client:
        return str(sum(1 for _ in client.list(BUCKET, "/folder/")))


def idle_pds_client(arguments: list[str]) -> str:
    """Make a PDS client of the server at an address, and ask it for nothing."""
    from harness.servers import connect_pds  # noqa: PLC0415 - as above

    with connect_pds(arguments[0]):
        return ""


def pds_upload(arguments: list[str]) -> str:
    """Upload a file to the PDS server at an address; return its SHA-1."""
    from harness.servers import connect_pds  # noqa: PLC0415 - as above

    endpoint, path = arguments
    with connect_pds(endpoint) as client:
        return client.upload(path).sha1


def peak_kib() -> int:
    """Return the most KiB of memory that this process held."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - as above
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


OPERATIONS = {
    run.__name__: run
    for run in (
        nothing,
        uploadparts,
        verify,
        uploadparts_many,
        idle_client,
        upload,
        list_folder,
        idle_drive,
        upload_to_drive,
        idle_pds_client,
        pds_upload,
    )
}

if __name__ == "__main__":
    _, operation, *arguments = sys.argv
    answer = OPERATIONS[operation](arguments)
    sys.stdout.write(f"{peak_kib()} {answer}")
