-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__inboxes_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'inboxes',
        columns={
            'id': 'string',
            'name': 'string',
            'disabled': 'boolean',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as inbox_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('disabled', 'boolean') }} as is_disabled,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
