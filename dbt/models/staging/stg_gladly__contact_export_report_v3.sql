-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__contact_export_report_v3_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'contact_export_report_v3',
        columns={
            'timezone_filter': 'string',
            'queued_at': 'timestamp',
            'customer_id': 'string',
            'conversation_id': 'string',
            'contact_id': 'string',
            'link': 'string',
            'channel': 'string',
            'direction': 'string',
            'contact_initiator': 'string',
            'entry_point': 'string',
            'final_ivr_selection': 'string',
            'inbox_id': 'string',
            'inbox_name': 'string',
            'agent_id': 'string',
            'agent_name': 'string',
            'fulfilled_at': 'timestamp',
            'ended_at': 'timestamp',
            'status': 'string',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['contact_id'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('timezone_filter', 'string') }} as timezone_filter,
    {{ gladly.read('queued_at', 'timestamp') }} as queued_at,
    {{ gladly.read('customer_id', 'string') }} as customer_id,
    {{ gladly.read('conversation_id', 'string') }} as conversation_id,
    {{ gladly.read('contact_id', 'string') }} as contact_id,
    {{ gladly.read('link', 'string') }} as link,
    {{ gladly.read('channel', 'string') }} as channel,
    {{ gladly.read('direction', 'string') }} as direction,
    {{ gladly.read('contact_initiator', 'string') }} as contact_initiator,
    {{ gladly.read('entry_point', 'string') }} as entry_point,
    {{ gladly.read('final_ivr_selection', 'string') }} as final_ivr_selection,
    {{ gladly.read('inbox_id', 'string') }} as inbox_id,
    {{ gladly.read('inbox_name', 'string') }} as inbox_name,
    {{ gladly.read('agent_id', 'string') }} as agent_id,
    {{ gladly.read('agent_name', 'string') }} as agent_name,
    {{ gladly.read('fulfilled_at', 'timestamp') }} as fulfilled_at,
    {{ gladly.read('ended_at', 'timestamp') }} as ended_at,
    {{ gladly.read('status', 'string') }} as status,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
