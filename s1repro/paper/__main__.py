"""Start it: `python -m s1repro.paper recipe=demo`, or with `paper.run=false` for what is there."""

from s1repro.cli import run_stage
from s1repro.paper.pipeline import run

if __name__ == "__main__":
    run_stage(run)
