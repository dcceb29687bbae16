"""Test-time methods: small coroutines over `Engine.complete`, one a sample."""

from s1repro.scaling.best_of_n import best_of_n
from s1repro.scaling.budget import Budget, require_fits
from s1repro.scaling.forcing import Forced, force, sweep, thinking_cap
from s1repro.scaling.rebase import rebase
from s1repro.scaling.rejection import reject
from s1repro.scaling.voting import majority, majority_at_k, pass_at_k, weighted_majority

__all__ = [
    "Budget",
    "Forced",
    "best_of_n",
    "force",
    "majority",
    "majority_at_k",
    "pass_at_k",
    "rebase",
    "reject",
    "require_fits",
    "sweep",
    "thinking_cap",
    "weighted_majority",
]
