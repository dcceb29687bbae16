"""Start the stage: `python -m s1repro.draft recipe=demo draft.epochs=5`."""

from s1repro.cli import run_stage
from s1repro.draft.pipeline import run

if __name__ == "__main__":
    run_stage(run)
