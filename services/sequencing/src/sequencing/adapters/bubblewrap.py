"""A sandbox for programs of others, by bubblewrap: their folder, this machine's programs to read, and nothing else.

No network, no other process, no environment of the service's, no device, no capability, and no way to a further namespace.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.errors import Misconfigured

# Of nobody, inside.
USER = 65534
LARGEST_SHARED_MEMORY = 256 << 20
MOST_PROCESSES = 512
WORK, REFERENCE, CONFIG = "/workflow", "/workflow-reference", "/workflow-config.json"
TEMPORARY, SHARED_MEMORY = "/tmp", "/dev/shm"  # noqa: S108
LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
# So that names of programs and of libraries are found as on this machine.
SHOWN_IF_THERE = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")


@dataclass(frozen=True, slots=True)
class Room:
    """What one program finds: folders that it may change, and files to read. All are paths of this machine.

    `reference` is a FASTA file, whose indexes are beside it.
    """

    work: Path
    temporary: Path
    config: Path
    reference: Path | None = None


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """`memory` is of one process, and `file` of one file, both in bytes. `tools` is a folder whose bin/ holds more programs."""

    memory: int
    file: int
    tools: Path | None = None

    def command(self, room: Room, program: Sequence[str], told: int) -> list[str]:
        """How to start `program` in `room`; the descriptor `told` gets the number of its process, as JSON with child-pid."""
        shown = [sys.prefix, sys.base_prefix, *([str(self.tools)] if self.tools is not None else [])]
        path = [str(Path(sys.prefix) / "bin"), *([str(self.tools / "bin")] if self.tools is not None else []), "/usr/bin", "/bin"]
        given = {"PATH": ":".join(path), "HOME": TEMPORARY, "TMPDIR": TEMPORARY, "USER": "workflow", "LANG": "C.UTF-8"}
        return [
            "bwrap",
            *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--as-pid-1"),
            *("--cap-drop", "ALL", "--uid", str(USER), "--gid", str(USER), "--hostname", "workflow"),
            *("--clearenv", *(word for name, value in given.items() for word in ("--setenv", name, value))),
            # First: programs may lie below these.
            *("--bind", str(room.temporary), TEMPORARY, "--bind", str(room.work), WORK),
            *("--ro-bind", "/usr", "/usr", *(word for name in LINKS for word in link(name))),
            *(word for name in SHOWN_IF_THERE for word in ("--ro-bind-try", name, name)),
            *(word for name in dict.fromkeys(shown) for word in ("--ro-bind", name, name)),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(LARGEST_SHARED_MEMORY), "--tmpfs", SHARED_MEMORY, "--remount-ro", "/dev"),
            *("--ro-bind", str(room.config), CONFIG),
            *(word for path in beside(room.reference) for word in ("--ro-bind", str(path.resolve()), f"{REFERENCE}/{path.name}")),
            *("--remount-ro", "/", "--chdir", WORK, "--info-fd", str(told), "--"),
            *("prlimit", f"--as={self.memory}", f"--fsize={self.file}", f"--nproc={MOST_PROCESSES}", "--core=0", "--"),
            *program,
        ]


def link(name: str) -> tuple[str, ...]:
    """A folder of the root's, where it is one of /usr's (Debian, Fedora) and where it is not (Alpine)."""
    path = Path("/") / name
    if path.is_symlink():
        return ("--symlink", str(path.readlink()), str(path))
    return ("--ro-bind-try", str(path), str(path))


def beside(reference: Path | None) -> list[Path]:
    """A FASTA file, and its indexes."""
    if reference is None:
        return []
    return [path for suffix in ("", ".fai", ".gzi") if (path := reference.with_name(reference.name + suffix)).exists()]


def must_work(sandbox: Bubblewrap, scratch: Path) -> None:
    """Raise Misconfigured where this machine gives no sandbox."""
    if shutil.which("bwrap") is None:
        raise Misconfigured(
            "workflows of researchers want bubblewrap (Debian: bubblewrap): install it, or CASEPATH_WORKFLOWS=never"
        )
    config = scratch / "config.json"
    config.touch()
    room = Room(scratch, scratch, config)
    tried = subprocess.run(
        sandbox.command(room, ["true"], 2), capture_output=True, text=True, env={"PATH": os.environ.get("PATH", "/usr/bin")}
    )
    config.unlink()
    if tried.returncode:
        raise Misconfigured(
            "bubblewrap makes no sandbox here: are user namespaces permitted (kernel, seccomp, AppArmor)? Without workflows of "
            f"researchers, CASEPATH_WORKFLOWS=never. It says: {tried.stderr.strip()[-200:] or tried.returncode}"
        )
