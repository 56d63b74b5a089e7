-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__jobs_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'jobs',
        columns={
            'id': 'string',
            'scheduleId': 'string',
            'status': 'string',
            'updatedAt': 'timestamp',
            'parameters': 'json',
            'files': 'json',
            '_unmapped': 'json',
        },
        key=['id'],
        newest='updatedAt'
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as job_id,
    {{ gladly.read('scheduleId', 'string') }} as schedule_id,
    {{ gladly.read('status', 'string') }} as status,
    {{ gladly.read('updatedAt', 'timestamp') }} as updated_at,
    {{ gladly.read('parameters.type', 'string') }} as parameters_type,
    {{ gladly.read('parameters.startAt', 'timestamp') }} as parameters_start_at,
    {{ gladly.read('parameters.endAt', 'timestamp') }} as parameters_end_at,
    {{ gladly.read('files', 'json') }} as files,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
