"""The official Python SDK of PDS. Requests and answers are the maps that its models make."""

from __future__ import annotations

from alibabacloud_credentials.client import Client as Credential
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_pds20220301 import models
from alibabacloud_pds20220301.client import Client
from alibabacloud_tea_openapi.models import Config
from call_lines import serve


def connect(settings):
    client = Client(
        Config(
            protocol="http",
            endpoint=settings["address"],
            credential=Credential(CredentialConfig(type="bearer", bearer_token=settings["token"])),
        )
    )

    def carry_out(method, fields):
        name = "".join(word.capitalize() for word in method.split("_"))
        request = getattr(models, f"{name}Request")().from_map(fields)
        answer = getattr(client, method)(request).to_map()
        return {"status": answer["statusCode"], "body": answer.get("body")}

    return carry_out


serve(connect)
