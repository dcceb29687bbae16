"""A real Slurm of one node on this machine, from Debian's packages slurm-wlm and munge, for as long as a test needs it.

with one_node(folder) as environment:       # SLURM_CONF among it
    subprocess.run(["sbatch", ...], env=environment)
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
SETTINGS = """ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """The programs that are not here; it takes root to start them."""
    return [name for name in (*DAEMONS, "sbatch") if not shutil.which(name, path=_path())] or (
        ["root"] if os.geteuid() else []
    )


@contextmanager
def one_node(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a process that may ask this Slurm for jobs; `folder`'s path is short, for the socket in it."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o600)
    host, environment = socket.gethostname().split(".")[0], {**os.environ, "PATH": _path()}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 * 9 // 10  # MiB; slurmd has some too
    named = {"host": host, "folder": folder, "user": "root", "cpus": os.cpu_count() or 1, "memory": memory}
    (folder / "slurm.conf").write_text(SETTINGS.format(controller=_free_port(), node=_free_port(), **named))
    environment["SLURM_CONF"] = str(folder / "slurm.conf")
    files = ("log-file=munge.log", "pid-file=munge.pid", "seed-file=munge.seed", "key-file=munge.key")
    munged = ["munged", "-F", "--force", f"--socket={folder}/munge.sock"]
    munged += [f"--{name.partition('=')[0]}={folder}/{name.partition('=')[2]}" for name in files]
    with ExitStack() as running:
        for command in (munged, ["slurmctld", "-D"], ["slurmd", "-D", "-N", host]):
            running.enter_context(_daemon(command, environment, folder))
        _wait(lambda: "idle" in _said(["sinfo", "--noheader", "--format=%t"], environment), folder)
        yield environment


@contextmanager
def _daemon(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    with open(folder / f"{command[0]}.out", "w") as told:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=told, stderr=told)
    try:
        if command[0] == "munged":
            _wait((folder / "munge.sock").exists, folder)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(found: object, folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not found():  # type: ignore[operator]
        told = [path.read_text()[-500:] for path in folder.glob("*.out")]
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def _said(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"
