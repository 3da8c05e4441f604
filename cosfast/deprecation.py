"""Keywords that were renamed: the old ones still work, with a `DeprecationWarning`."""

from __future__ import annotations

import warnings
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def renamed_keywords(**renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that it also takes keyword arguments by their old names.

    A type checker sees the new names alone.

    Args:
        **renamed: The new name of each old one, such as ``files="max_workers"``.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in renamed.keys() & kwargs.keys():
                new = renamed[old]
                name = function.__name__
                if new in kwargs:
                    raise TypeError(f"{name}() got both {new!r} and its old name {old!r}")
                warnings.warn(
                    f"{name}({old}=...) is deprecated; use {new}=...",
                    DeprecationWarning,
                    stacklevel=2,
                )
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate
