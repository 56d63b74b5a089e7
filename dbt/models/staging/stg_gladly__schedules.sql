-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__schedules_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'schedules',
        columns={
            'id': 'string',
            'frequency': 'string',
            'type': 'string',
            'nextStartAt': 'timestamp',
            'updatedAt': 'timestamp',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as schedule_id,
    {{ gladly.read('frequency', 'string') }} as frequency,
    {{ gladly.read('type', 'string') }} as type,
    {{ gladly.read('nextStartAt', 'timestamp') }} as next_start_at,
    {{ gladly.read('updatedAt', 'timestamp') }} as updated_at,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
