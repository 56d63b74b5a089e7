-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__contact_timestamps_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'contact_timestamps_report',
        columns={
            'timezone_filter': 'string',
            'timestamp': 'timestamp',
            'event_type': 'string',
            'contact_id': 'string',
            'conversation_id': 'string',
            'customer_id': 'string',
            'channel': 'string',
            'initiator_type': 'string',
            'initiator_id': 'string',
            'initiator_agent_name': 'string',
            'assigned_inbox_id': 'string',
            'assigned_inbox_name': 'string',
            'assigned_agent_id': 'string',
            'assigned_agent_name': 'string',
            'transferred_to_inbox_name': 'string',
            'final_ivr_selection': 'string',
            'fulfilled_by_contact_id': 'string',
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
    {{ gladly.read('event_type', 'string') }} as event_type,
    {{ gladly.read('contact_id', 'string') }} as contact_id,
    {{ gladly.read('conversation_id', 'string') }} as conversation_id,
    {{ gladly.read('customer_id', 'string') }} as customer_id,
    {{ gladly.read('channel', 'string') }} as channel,
    {{ gladly.read('initiator_type', 'string') }} as initiator_type,
    {{ gladly.read('initiator_id', 'string') }} as initiator_id,
    {{ gladly.read('initiator_agent_name', 'string') }} as initiator_agent_name,
    {{ gladly.read('assigned_inbox_id', 'string') }} as assigned_inbox_id,
    {{ gladly.read('assigned_inbox_name', 'string') }} as assigned_inbox_name,
    {{ gladly.read('assigned_agent_id', 'string') }} as assigned_agent_id,
    {{ gladly.read('assigned_agent_name', 'string') }} as assigned_agent_name,
    {{ gladly.read('transferred_to_inbox_name', 'string') }} as transferred_to_inbox_name,
    {{ gladly.read('final_ivr_selection', 'string') }} as final_ivr_selection,
    {{ gladly.read('fulfilled_by_contact_id', 'string') }} as fulfilled_by_contact_id,
    {{ gladly.read('_row_hash', 'string') }} as _row_hash,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
