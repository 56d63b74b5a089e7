-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__topics_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'topics',
        columns={
            'id': 'string',
            'name': 'string',
            'disabled': 'boolean',
            'parentId': 'string',
            '_job_id': 'string',
            '_job_updated_at': 'timestamp',
            '_unmapped': 'json',
        },
        key=['id'],
        newest='_job_updated_at'
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as topic_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('disabled', 'boolean') }} as is_disabled,
    {{ gladly.read('parentId', 'string') }} as parent_id,
    {{ gladly.read('_job_id', 'string') }} as _job_id,
    {{ gladly.read('_job_updated_at', 'timestamp') }} as _job_updated_at,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
