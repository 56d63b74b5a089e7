-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__business_hours_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'business_hours',
        columns={
            'id': 'string',
            'version': 'integer',
            'createdAt': 'timestamp',
            'updatedAt': 'timestamp',
            'name': 'string',
            'primary': 'boolean',
            'officeHours': 'json',
            '_unmapped': 'json',
        },
        key=['id'],
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as business_hours_id,
    {{ gladly.read('version', 'integer') }} as version,
    {{ gladly.read('createdAt', 'timestamp') }} as created_at,
    {{ gladly.read('updatedAt', 'timestamp') }} as updated_at,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('primary', 'boolean') }} as is_primary,
    {{ gladly.read('officeHours.timezone', 'string') }} as office_hours_timezone,
    {{ gladly.read('officeHours.monday', 'json') }} as office_hours_monday,
    {{ gladly.read('officeHours.tuesday', 'json') }} as office_hours_tuesday,
    {{ gladly.read('officeHours.wednesday', 'json') }} as office_hours_wednesday,
    {{ gladly.read('officeHours.thursday', 'json') }} as office_hours_thursday,
    {{ gladly.read('officeHours.friday', 'json') }} as office_hours_friday,
    {{ gladly.read('officeHours.saturday', 'json') }} as office_hours_saturday,
    {{ gladly.read('officeHours.sunday', 'json') }} as office_hours_sunday,
    {{ gladly.read('officeHours.exceptions', 'json') }} as office_hours_exceptions,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
