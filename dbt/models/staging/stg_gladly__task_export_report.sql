-- Written by dbt/generate.py from the tap's schemas.
{{ config(enabled=var('gladly__task_export_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'task_export_report',
        columns={
            'timezone_filter': 'string',
            'task_id': 'string',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['task_id'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('timezone_filter', 'string') }} as timezone_filter,
    {{ gladly.read('task_id', 'string') }} as task_id,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
