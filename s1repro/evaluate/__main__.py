"""Start the stage: `python -m s1repro.evaluate recipe=demo method.budgets=[64,128] method.waits=[0]`."""

from s1repro.cli import run_stage
from s1repro.evaluate.pipeline import run

if __name__ == "__main__":
    run_stage(run)
