-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__work_session_events_report_v4_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'work_session_events_report_v4',
        columns={
            'id': 'string',
            'contact_session_id': 'string',
            'contact_session_created_at': 'timestamp',
            'customer_id': 'string',
            'conversation_id': 'string',
            'inbox_id': 'string',
            'channel': 'string',
            'direction': 'string',
            'agent_accepted_at': 'timestamp',
            'contact_session_routed_at': 'timestamp',
            'agent_id': 'string',
            'sla_fulfilled_at': 'timestamp',
            'contact_session_ended_at': 'timestamp',
            'status': 'string',
            'within_sla': 'boolean',
            'work_session_handle_time_sec': 'number',
            'work_session_after_contact_time_sec': 'number',
            'work_session_unknown_time_sec': 'number',
            'accepted_inbox_id': 'string',
            '_row_key': 'string',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['_row_key'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as work_session_id,
    {{ gladly.read('contact_session_id', 'string') }} as contact_id,
    {{ gladly.read('contact_session_created_at', 'timestamp') }} as contact_session_created_at,
    {{ gladly.read('customer_id', 'string') }} as customer_id,
    {{ gladly.read('conversation_id', 'string') }} as conversation_id,
    {{ gladly.read('inbox_id', 'string') }} as inbox_id,
    {{ gladly.read('channel', 'string') }} as channel,
    {{ gladly.read('direction', 'string') }} as direction,
    {{ gladly.read('agent_accepted_at', 'timestamp') }} as agent_accepted_at,
    {{ gladly.read('contact_session_routed_at', 'timestamp') }} as contact_session_routed_at,
    {{ gladly.read('agent_id', 'string') }} as agent_id,
    {{ gladly.read('sla_fulfilled_at', 'timestamp') }} as sla_fulfilled_at,
    {{ gladly.read('contact_session_ended_at', 'timestamp') }} as contact_session_ended_at,
    {{ gladly.read('status', 'string') }} as status,
    {{ gladly.read('within_sla', 'boolean') }} as within_sla,
    {{ gladly.read('work_session_handle_time_sec', 'number') }} as work_session_handle_time_sec,
    {{ gladly.read('work_session_after_contact_time_sec', 'number') }} as work_session_after_contact_time_sec,
    {{ gladly.read('work_session_unknown_time_sec', 'number') }} as work_session_unknown_time_sec,
    {{ gladly.read('accepted_inbox_id', 'string') }} as accepted_inbox_id,
    {{ gladly.read('_row_key', 'string') }} as _row_key,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
