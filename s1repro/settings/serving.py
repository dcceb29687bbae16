"""Settings of `serve`: group `serve/`.

ServeConfig(port=8080).check()
"""

from __future__ import annotations

from dataclasses import dataclass

from s1repro.settings.checks import require_at_least_one, require_variable


@dataclass
class ServeConfig:
    """Where a checkpoint answers, and to whom."""

    host: str = "127.0.0.1"
    """The address to listen at; this machine alone, unless told otherwise."""
    port: int = 8080
    """The port; 0 takes a free one."""
    key_env: str = "S1REPRO_SERVE_KEY"
    """Name of the environment variable that holds the key which clients must send; unset, nobody has to."""
    slice_tokens: int = 64
    """Tokens between two pieces of a streamed answer at most; the first come sooner."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        require_at_least_one("serve", self, "slice_tokens")
        if not 0 <= self.port < 65536:
            raise ValueError(f"serve.port is {self.port}; give 1 to 65535, or 0 for a free one")
        require_variable("serve.key_env", self.key_env)
