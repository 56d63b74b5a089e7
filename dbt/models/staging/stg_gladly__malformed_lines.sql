-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__malformed_lines_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'malformed_lines',
        columns={
            '_job_id': 'string',
            'file': 'string',
            'line_number': 'integer',
            '_job_updated_at': 'timestamp',
            'error': 'string',
            'line': 'string',
        },
        key=['_job_id', 'file', 'line_number'],
        newest='_job_updated_at'
    ) }}
)

select
    {{ gladly.read('_job_id', 'string') }} as _job_id,
    {{ gladly.read('file', 'string') }} as file,
    {{ gladly.read('line_number', 'integer') }} as line_number,
    {{ gladly.read('_job_updated_at', 'timestamp') }} as _job_updated_at,
    {{ gladly.read('error', 'string') }} as error,
    {{ gladly.read('line', 'string') }} as line
from newest
