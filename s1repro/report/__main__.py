"""Start the stage: `python -m s1repro.report recipe=demo report.baselines=[base]`."""

from s1repro.cli import run_stage
from s1repro.report.pipeline import run

if __name__ == "__main__":
    run_stage(run)
