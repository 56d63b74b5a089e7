-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__topics_list_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'topics_list',
        columns={
            'id': 'string',
            'name': 'string',
            'disabled': 'boolean',
            'parentId': 'string',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as topic_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('disabled', 'boolean') }} as is_disabled,
    {{ gladly.read('parentId', 'string') }} as parent_id,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
