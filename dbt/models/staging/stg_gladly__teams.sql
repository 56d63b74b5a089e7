-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__teams_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'teams',
        columns={
            'id': 'string',
            'name': 'string',
            'description': 'string',
            'agentIds': 'json',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as team_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('description', 'string') }} as description,
    {{ gladly.read('agentIds', 'json') }} as agent_ids,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
