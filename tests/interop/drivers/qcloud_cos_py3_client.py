"""qcloud-cos-py3. The bucket is the first argument of each call; a file goes by its name.

One patch, for `async_upload_file` alone: the client's writer of forms reaches into aiohttp 2,
where it takes the quotes off the boundary. aiohttp 3 has other insides, and sets none.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib

from aiohttp import MultipartWriter
from call_lines import serve
from qcloud_cos_py3 import cos

cos.MyWriter = MultipartWriter


def connect(settings):
    def carry_out(method, bucket, *args, **options):
        client = cos.CosBucket(
            settings["appid"],
            settings["secret_id"],
            settings["secret_key"],
            bucket,
            region=f"{settings['address']}/",  # the rest of the host's name becomes a folder
        )
        return CALLS.get(method, call)(client, method, *args, **options)

    return carry_out


def call(client, method, *args, **options):
    return getattr(client, method)(*args, **options)


def upload(client, method, name, *args, **options):
    with open(name, "rb") as stream:
        return getattr(client, method)(stream, *args, **options)


def upload_together(client, _, names, **options):
    """Upload the files to paths named by their numbers."""

    async def upload_all(streams):
        return await asyncio.gather(
            *(
                client.async_upload_file(stream, str(number), **options)
                for number, stream in enumerate(streams)
            )
        )

    with contextlib.ExitStack() as files:
        streams = [files.enter_context(open(name, "rb")) for name in names]
        return asyncio.run(upload_all(streams))


def get_file(client, _, *args):
    return base64.b64encode(client.get_file(*args)).decode()


CALLS = {
    "upload_file": upload,
    "async_upload_file": upload_together,
    "get_file": get_file,
}

serve(connect)
