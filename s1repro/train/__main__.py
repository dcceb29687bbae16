"""Start the stage: `python -m s1repro.train recipe=demo sft=lora`."""

from s1repro.cli import run_stage
from s1repro.train.pipeline import run

if __name__ == "__main__":
    run_stage(run)
