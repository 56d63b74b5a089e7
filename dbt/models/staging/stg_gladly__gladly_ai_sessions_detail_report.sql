-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__gladly_ai_sessions_detail_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'gladly_ai_sessions_detail_report',
        columns={
            'timezone_filter': 'string',
            'session_id': 'string',
            'session_created_at': 'timestamp',
            'customer_id': 'string',
            'conversation_id': 'string',
            'channel': 'string',
            'gladly_agent': 'string',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['session_id'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('timezone_filter', 'string') }} as timezone_filter,
    {{ gladly.read('session_id', 'string') }} as session_id,
    {{ gladly.read('session_created_at', 'timestamp') }} as session_created_at,
    {{ gladly.read('customer_id', 'string') }} as customer_id,
    {{ gladly.read('conversation_id', 'string') }} as conversation_id,
    {{ gladly.read('channel', 'string') }} as channel,
    {{ gladly.read('gladly_agent', 'string') }} as gladly_agent,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
