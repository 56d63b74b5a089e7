-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__agent_durations_report_v2_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'agent_durations_report_v2',
        columns={
            'timezone_filter': 'string',
            'agent_id': 'string',
            'agent': 'string',
            'start_time': 'timestamp',
            'end_time': 'timestamp',
            'duration_mins': 'number',
            'type': 'string',
            'context': 'string',
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
    {{ gladly.read('agent_id', 'string') }} as agent_id,
    {{ gladly.read('agent', 'string') }} as agent,
    {{ gladly.read('start_time', 'timestamp') }} as start_time,
    {{ gladly.read('end_time', 'timestamp') }} as end_time,
    {{ gladly.read('duration_mins', 'number') }} as duration_mins,
    {{ gladly.read('type', 'string') }} as type,
    {{ gladly.read('context', 'string') }} as context,
    {{ gladly.read('_row_hash', 'string') }} as _row_hash,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
