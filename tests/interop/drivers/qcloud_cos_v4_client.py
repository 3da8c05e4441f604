"""The official Python SDK, unpatched, under Jython: it knows no Python but the second.

Each of its methods takes an object that says what is asked: the first argument names its class,
the others are what it is made of, and options are its setters with what they are given. The
service's own host names stand in its requests: it is led to the server as to a proxy.
"""

import qcloud_cos
from call_lines import serve
from qcloud_cos import cos_request


def connect(settings):
    account = (int(settings["appid"]), settings["secret_id"], settings["secret_key"])
    client = qcloud_cos.CosClient(*account, region="gz")

    def carry_out(method, kind, *args, **setters):
        request = getattr(cos_request, kind)(*args)
        for setter, given in setters.items():
            getattr(request, setter)(*given)
        return getattr(client, method)(request)

    return carry_out


serve(connect)
