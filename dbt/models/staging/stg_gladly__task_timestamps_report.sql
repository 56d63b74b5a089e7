-- Written by dbt/generate.py from the tap's schemas.
{{ config(enabled=var('gladly__task_timestamps_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'task_timestamps_report',
        columns={
            'timezone_filter': 'string',
            'timestamp': 'timestamp',
            'task_id': 'string',
            '_row_hash': 'string',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['_row_hash'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('timezone_filter', 'string') }} as timezone_filter,
    {{ gladly.read('timestamp', 'timestamp') }} as recorded_at,
    {{ gladly.read('task_id', 'string') }} as task_id,
    {{ gladly.read('_row_hash', 'string') }} as _row_hash,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
