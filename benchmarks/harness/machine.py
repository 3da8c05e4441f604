"""Description of the machine of a result, without host name and paths."""

from __future__ import annotations

import os
import platform
import ssl
from importlib import metadata
from pathlib import Path

import cosfast

_INSTRUCTION_SETS = ("ssse3", "sse4_1", "sha_ni", "avx2", "avx512f", "avx512bw", "avx512vl", "sha1")
_PEERS = ("rehash", "rehashes")


def cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def describe() -> dict[str, object]:
    """Return the `machine_info` for pytest-benchmark."""
    kernels = cosfast.kernels()
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "system": _system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION,
        "cosfast": cosfast.__version__,
        "kernels": {"one": kernels.one, "many": kernels.many, "supported": kernels.supported},
        "peers": {name: _version(name) for name in _PEERS},
    }


def _cpu() -> dict[str, object]:
    info = _proc_cpuinfo()
    flags = info.get("flags", info.get("Features", "")).split()
    return {
        "architecture": platform.machine(),
        "model": info.get("model name") or platform.processor() or "unknown",
        "family_model_stepping": [info.get(k, "") for k in ("cpu family", "model", "stepping")],
        "instruction_sets": [name for name in _INSTRUCTION_SETS if name in flags],
        "virtual_machine": "hypervisor" in flags,
        "caches": _caches(),
    }


def _proc_cpuinfo() -> dict[str, str]:
    """Return the fields of the first core in /proc/cpuinfo; empty if there is no such file."""
    try:
        first = Path("/proc/cpuinfo").read_text("ascii").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _caches() -> list[str]:
    folder = Path("/sys/devices/system/cpu/cpu0/cache")
    return [
        f"L{_line(index / 'level')} {_line(index / 'type').lower()} {_line(index / 'size')}"
        for index in sorted(folder.glob("index*"))
    ]


def _line(path: Path) -> str:
    return path.read_text("ascii").strip()


def _memory_gib() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def _system() -> str:
    kernel = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    try:
        lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        return kernel
    names = [line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME=")]
    return ", ".join([*names, kernel])


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
