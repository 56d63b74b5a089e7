-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__agent_timestamps_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'agent_timestamps_report',
        columns={
            'timezone_filter': 'string',
            'timestamp': 'timestamp',
            'occurred_at': 'timestamp',
            'agent': 'string',
            'agent_id': 'string',
            'type': 'string',
            'available_for': 'string',
            'away_reason': 'string',
            'active_reason': 'string',
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
    {{ gladly.read('occurred_at', 'timestamp') }} as occurred_at,
    {{ gladly.read('agent', 'string') }} as agent,
    {{ gladly.read('agent_id', 'string') }} as agent_id,
    {{ gladly.read('type', 'string') }} as type,
    {{ gladly.read('available_for', 'string') }} as available_for,
    {{ gladly.read('away_reason', 'string') }} as away_reason,
    {{ gladly.read('active_reason', 'string') }} as active_reason,
    {{ gladly.read('_row_hash', 'string') }} as _row_hash,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
