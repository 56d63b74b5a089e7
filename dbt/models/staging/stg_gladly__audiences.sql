-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__audiences_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'audiences',
        columns={
            'id': 'string',
            'name': 'string',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as audience_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
