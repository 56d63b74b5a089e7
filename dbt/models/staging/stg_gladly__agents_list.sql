-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__agents_list_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'agents_list',
        columns={
            'id': 'string',
            'name': 'string',
            'emailAddress': 'string',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as agent_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('emailAddress', 'string') }} as email_address,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
