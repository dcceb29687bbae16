"""The stage's command: `python -m s1repro.curate recipe=demo`."""

from s1repro.cli import run_stage
from s1repro.curate.pipeline import run

if __name__ == "__main__":
    run_stage(run)
