-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__customers_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'customers',
        columns={
            'id': 'string',
            'name': 'string',
            'address': 'string',
            'emailAddresses': 'json',
            'phoneNumbers': 'json',
            'externalCustomerId': 'string',
            'externalCustomerIds': 'json',
            '_job_id': 'string',
            '_job_updated_at': 'timestamp',
            '_unmapped': 'json',
        },
        key=['id'],
        newest='_job_updated_at'
    ) }}
)

select
    {{ gladly.read('id', 'string') }} as customer_id,
    {{ gladly.read('name', 'string') }} as name,
    {{ gladly.read('address', 'string') }} as address,
    {{ gladly.read('emailAddresses', 'json') }} as email_addresses,
    {{ gladly.read('phoneNumbers', 'json') }} as phone_numbers,
    {{ gladly.read('externalCustomerId', 'string') }} as external_customer_id,
    {{ gladly.read('externalCustomerIds', 'json') }} as external_customer_ids,
    {{ gladly.read('_job_id', 'string') }} as _job_id,
    {{ gladly.read('_job_updated_at', 'timestamp') }} as _job_updated_at,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
