"""cos-lib3, unpatched. The bucket is the first argument of each call."""

from __future__ import annotations

from call_lines import serve
from cos_lib3.cos import Cos


def connect(settings):
    account = Cos(
        settings["appid"],
        settings["secret_id"],
        settings["secret_key"],
        region=f"{settings['address']}/",  # the rest of the host's name becomes a folder
    )

    def carry_out(method, bucket, *args, **options):
        return getattr(account.get_bucket(bucket), method)(*args, **options)

    return carry_out


serve(connect)
