"""Programs that run beside a test: each logs to a file, and all are stopped together."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Processes:
    """What runs, and the folder of its logs."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a program with an environment of its own."""
        self.commands[name] = command, environment
        home = self.folder / f"{name}.home"
        home.mkdir(exist_ok=True)
        plain = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=home, env={**plain, **environment}
            )

    @contextmanager
    def differently(self, name: str, *options: str) -> Iterator[None]:
        """Run a program with more options for a while."""
        command, environment = self.commands[name]
        self.end(name)
        self.start(name, [*command, *options], environment)
        try:
            yield
        finally:
            self.end(name)
            self.start(name, command, environment)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Do without a program for a while."""
        self.end(name)
        try:
            yield
        finally:
            self.start(name, *self.commands[name])

    def end(self, name: str) -> None:
        """End a program."""
        _end(self.running.pop(name))

    def assert_alive(self) -> None:
        """Fail with the end of its log where a program has ended."""
        for name, process in self.running.items():
            assert process.poll() is None, f"{name} ended: {(self.folder / f'{name}.log').read_text()[-2000:]}"

    def stop(self) -> None:
        """Stop all of them, the last first."""
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            _end(process)
        self.running.clear()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """A group of programs that does not outlive the block."""
    folder.mkdir(parents=True, exist_ok=True)
    group = Processes(folder)
    try:
        yield group
    finally:
        group.stop()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def listening(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
