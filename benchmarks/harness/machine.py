"""Description of the machine of a result, without host name and paths.

Run as a program, it prints the name of the result file of this machine, without its suffix.
"""

from __future__ import annotations

import os
import platform
import re
import ssl
import sys
from importlib import metadata
from pathlib import Path

import cosfast

_INSTRUCTION_SETS = ("ssse3", "sse4_1", "sha_ni", "avx2", "avx512f", "avx512bw", "avx512vl", "sha1")
_PEERS = ("rehash", "rehashes")

# The ranges of models in a family. A model name such as "AMD EPYC" does not tell how wide the
# vector units are.
_MICROARCHITECTURES = {
    "AuthenticAMD": {
        23: ((range(0x30), "Zen"), (range(0x30, 0x100), "Zen 2")),
        25: (
            (range(0x10), "Zen 3"),
            (range(0x10, 0x20), "Zen 4"),
            (range(0x20, 0x60), "Zen 3"),
            (range(0x60, 0x80), "Zen 4"),
            (range(0xA0, 0xB0), "Zen 4"),
        ),
        26: ((range(0x50), "Zen 5"), (range(0x60, 0x80), "Zen 5")),
    },
    "GenuineIntel": {
        6: (
            (range(0x55, 0x56), "Skylake-SP"),
            (range(0x6A, 0x6D), "Ice Lake-SP"),
            (range(0x8F, 0x90), "Sapphire Rapids"),
            (range(0xAD, 0xAF), "Granite Rapids"),
            (range(0xCF, 0xD0), "Emerald Rapids"),
        ),
    },
}


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
        "microarchitecture": microarchitecture(info),
        "family_model_stepping": [info.get(k, "") for k in ("cpu family", "model", "stepping")],
        "instruction_sets": [name for name in _INSTRUCTION_SETS if name in flags],
        "virtual_machine": "hypervisor" in flags,
        "caches": _caches(),
    }


def microarchitecture(info: dict[str, str]) -> str:
    """Return the name of the microarchitecture, or the numbers of one that has no name here.

    Args:
        info: Fields of /proc/cpuinfo.
    """
    if "cpu family" not in info or "model" not in info:
        return info.get("CPU part", platform.machine())
    family, model = int(info["cpu family"]), int(info["model"])
    for models, name in _MICROARCHITECTURES.get(info.get("vendor_id", ""), {}).get(family, ()):
        if model in models:
            return name
    return f"family {family} model {model}"


def title() -> str:
    """Return the processor in a few words."""
    cpu = _cpu()
    return f"{cpu['model']} ({cpu['microarchitecture']}), {cores()} cores"


def result_name(name: str) -> str:
    """Return the name of the result file of a microarchitecture, such as ``zen-5``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


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


if __name__ == "__main__":
    sys.stdout.write(result_name(microarchitecture(_proc_cpuinfo())) + "\n")
