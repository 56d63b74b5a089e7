-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__events_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'events',
        columns={
            'id': 'string',
            'type': 'string',
            'timestamp': 'timestamp',
            'initiator': 'json',
            'content': 'json',
            '_unmapped': 'json',
        },
        key=['id'],
        newest='timestamp'
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as event_id,
    {{ gladly.read('type', 'string') }} as type,
    {{ gladly.read('timestamp', 'timestamp') }} as recorded_at,
    {{ gladly.read('initiator.id', 'string') }} as initiator_id,
    {{ gladly.read('initiator.type', 'string') }} as initiator_type,
    {{ gladly.read('content', 'json') }} as content,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
