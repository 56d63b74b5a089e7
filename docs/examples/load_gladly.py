"""A Dagster job that runs several extractors of a Meltano project at the same time.

Run it in the project's folder: `dagster job execute -f load_gladly.py -j load_gladly`.
"""

import subprocess

from dagster import Definitions, OpDefinition, RetryPolicy, ScheduleDefinition, job, multiprocess_executor, op

# Each run has a name of its own in Meltano, and by that a selection and a state of its own. An organization's
# part is one more line: its extractor, its loader.
RUNS = (
    ("tap-gladly--messages", "target-postgres"),
    ("tap-gladly--all-else", "target-postgres"),
)


def make_op(extractor: str, loader: str) -> OpDefinition:
    """Make the step that does a run; if that fails, it goes on from the last STATE that was kept."""

    def load() -> None:
        subprocess.run(["meltano", "run", extractor, loader], check=True)

    name = extractor.replace("-", "_")
    return op(name=name, ins={}, retry_policy=RetryPolicy(max_retries=2, delay=60))(load)


def compose() -> None:
    """Put the steps side by side: none waits for another."""
    for extractor, loader in RUNS:
        make_op(extractor, loader)()


executor = multiprocess_executor.configured({"max_concurrent": len(RUNS)})
load_gladly = job(name="load_gladly", executor_def=executor)(compose)
hourly = ScheduleDefinition(job=load_gladly, cron_schedule="23 * * * *")
definitions = Definitions(jobs=[load_gladly], schedules=[hourly])
