"""A Dagster job that runs several extractors of a Meltano project at the same time.

Run it in the project's folder: `dagster job execute -f load_gladly.py -j load_gladly`.
"""

import subprocess

from dagster import Definitions, OpDefinition, RetryPolicy, ScheduleDefinition, job, multiprocess_executor, op

# Each run has its own name in Meltano, and therefore its own selection and state. To add another organization,
# add a line with its extractor and loader.
RUNS = (
    ("tap-gladly--messages", "target-postgres"),
    ("tap-gladly--all-else", "target-postgres"),
)


def make_op(extractor: str, loader: str) -> OpDefinition:
    """Return the step for one run. A retry resumes from the last STATE that Meltano kept."""

    def load() -> None:
        subprocess.run(["meltano", "run", extractor, loader], check=True)

    name = extractor.replace("-", "_")
    return op(name=name, ins={}, retry_policy=RetryPolicy(max_retries=2, delay=60))(load)


def compose() -> None:
    """Add the steps without dependencies, so that they run in parallel."""
    for extractor, loader in RUNS:
        make_op(extractor, loader)()


executor = multiprocess_executor.configured({"max_concurrent": len(RUNS)})
load_gladly = job(name="load_gladly", executor_def=executor)(compose)
hourly = ScheduleDefinition(job=load_gladly, cron_schedule="23 * * * *")
definitions = Definitions(jobs=[load_gladly], schedules=[hourly])
