"""`CosV4FileSystem`: how a filesystem is made, told apart, pickled and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from fsspec.config import apply_config
from fsspec.spec import AbstractFileSystem

from cosfast.fs.buckets import Buckets
from cosfast.fs.contents import Contents
from cosfast.fs.options import LISTINGS, make_client, public_options, resolve_options

if TYPE_CHECKING:
    from cosfast.cosv4 import Client

_Cached: Any = type(AbstractFileSystem)
Made = TypeVar("Made")


class _Resolved(_Cached):
    """Makes filesystems from their options' one form, by which fsspec tells them apart."""

    def __call__(cls: type[Made], **options: Any) -> Made:  # noqa: N805 - it makes instances of `cls`
        resolved = resolve_options(apply_config(cls, options))
        return cast("Made", super().__call__(**resolved))  # type: ignore[misc]  # fsspec has no types


class CosV4FileSystem(Contents, metaclass=_Resolved):
    """The files of an account's buckets, as ``cosv4://bucket/path``; threads may share it.

    What was not given is taken from fsspec's own configuration, and then from the environment:
    COSFAST_APPID, COSFAST_SECRET_ID, COSFAST_SECRET_KEY, COSFAST_REGION, COSFAST_ENDPOINT.

    Every error is one of Python's own, raised from cosfast's. Where the service has no call for
    something, as for a list of buckets, that is a `NotImplementedError`.

    **The key.** No text of a filesystem shows it: `repr`, `storage_options`, `to_dict` and
    `to_json` do not, these two whatever `include_password` says; who reads such a text has to
    have the key in the environment. Pickled, the key and all else that was found there goes
    along, so that a Dask worker needs no settings of its own.

    **Listings** are kept as fsspec does it: until something is written through this instance, or
    `listings_expiry_time` is over, or `invalidate_cache` is called, or `refresh=True` is given.
    `ls`, `find`, `glob`, `info`, `exists` go by them. To read, write, or tell versions apart
    (`checksum`, `ukey`, `modified`), the server is asked.

    Args:
        appid, secret_id, secret_key: the account and one of its keys.
        credentials: a `cosfast.Credentials`, in their place.
        region: a short name such as ``gz``.
        endpoint: an address in the region's place, such as an emulator's.
        client: a `cosfast.Client`, in the place of all of them. Such an instance is not kept by
            fsspec for others that ask for the same, and cannot become JSON.
        use_listings_cache, listings_expiry_time (seconds), max_paths: of the kept listings.

    Raises:
        InputError: naming the option that is missing, malformed or unknown; a ValueError.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{name: options[name] for name in LISTINGS if name in options})
        self.buckets: Buckets = Buckets(make_client(options))

    @property
    def client(self) -> Client:
        """The client that makes the calls, for what fsspec has no name for."""
        return self.buckets.client

    @property
    def fsid(self) -> str:
        """What two filesystems have in common that show the same files."""
        return f"cosv4-{self.client.credentials.appid}-{self.client.endpoint}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.client!r}>"

    def to_dict(self, *, include_password: bool = True) -> dict[str, Any]:
        """Return what `from_dict` makes this of again, where the key is in the environment.

        Args:
            include_password: has no say: the key is never in it.

        Raises:
            TypeError: where it was made with `client`.
        """
        del include_password
        kind = type(self)
        return {
            "cls": f"{kind.__module__}:{kind.__name__}",
            "protocol": self.protocol,
            "args": [],
            **public_options(self.storage_options),
        }
