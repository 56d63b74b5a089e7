-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__organization_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'organization',
        columns={
            'id': 'string',
            'loginDomain': 'string',
            'name': 'string',
            'timezone': 'string',
            'gladlyUrl': 'string',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as organization_id,
    {{ gladly.read('loginDomain', 'string') }} as login_domain,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('timezone', 'string') }} as timezone,
    {{ gladly.read('gladlyUrl', 'string') }} as gladly_url,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
