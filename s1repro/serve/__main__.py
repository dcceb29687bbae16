"""Start the server: `python -m s1repro.serve recipe=demo`."""

from s1repro.cli import run_stage
from s1repro.serve.server import run

if __name__ == "__main__":
    run_stage(run)
