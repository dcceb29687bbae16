"""Test-time methods: small coroutines over `Engine.complete`, one a sample."""

from s1repro.scaling.budget import Budget, require_fits
from s1repro.scaling.forcing import Forced, force

__all__ = ["Budget", "Forced", "force", "require_fits"]
