{%- set has_contacts = gladly.is_enabled('contact_export_report_v3') or gladly.is_enabled('work_session_events_report_v4') -%}

with profiles as (
    {% if gladly.is_enabled('customers') -%}
    select customer_id, name, email_addresses, phone_numbers, external_customer_id
    from {{ ref('stg_gladly__customers') }}
    {%- else -%}
    {{ gladly.no_rows({
        'customer_id': 'string', 'name': 'string', 'email_addresses': 'json', 'phone_numbers': 'json',
        'external_customer_id': 'string'
    }) }}
    {%- endif %}
),

conversations as (
    select
        customer_id,
        count(*) as count_of_conversations,
        count(case when status = 'OPEN' then 1 end) as count_of_open_conversations,
        min(created_at) as first_conversation_at,
        max(created_at) as last_conversation_at
    from {{ ref('gladly__conversations') }}
    where customer_id is not null and status <> 'MERGED'
    group by customer_id
),

contacts as (
    {% if has_contacts -%}
    select
        customer_id,
        count(*) as count_of_contacts,
        min(queued_at) as first_contact_at,
        max(queued_at) as last_contact_at,
        sum(handle_seconds) as handle_seconds
    from {{ ref('gladly__contacts') }}
    where customer_id is not null
    group by customer_id
    {%- else -%}
    {{ gladly.no_rows({
        'customer_id': 'string', 'count_of_contacts': 'integer', 'first_contact_at': 'timestamp',
        'last_contact_at': 'timestamp', 'handle_seconds': 'number'
    }) }}
    {%- endif %}
),

last_contacts as (
    {% if has_contacts -%}
    select customer_id, channel
    from (
        select
            customer_id,
            channel,
            row_number() over (partition by customer_id order by queued_at desc, contact_id desc) as row_number_of_contact
        from {{ ref('gladly__contacts') }}
    ) as numbered
    where row_number_of_contact = 1 and customer_id is not null
    {%- else -%}
    {{ gladly.no_rows({'customer_id': 'string', 'channel': 'string'}) }}
    {%- endif %}
),

customers as (
    select customer_id from profiles
    union
    select customer_id from conversations
    union
    select customer_id from contacts
)

select
    customers.customer_id,
    profiles.name,
    {{ gladly.json_first('profiles.email_addresses') }} as email_address,
    {{ gladly.json_first('profiles.phone_numbers') }} as phone_number,
    profiles.external_customer_id,
    profiles.customer_id is not null as has_profile,
    coalesce(contacts.count_of_contacts, {{ '0' if has_contacts else 'conversations.count_of_conversations' }}, 0)
        as lifetime_contacts,
    coalesce(conversations.count_of_conversations, 0) as lifetime_conversations,
    coalesce(conversations.count_of_open_conversations, 0) as open_conversations,
    coalesce(contacts.first_contact_at, conversations.first_conversation_at) as first_contact_at,
    coalesce(contacts.last_contact_at, conversations.last_conversation_at) as last_contact_at,
    last_contacts.channel as last_channel,
    contacts.handle_seconds
from customers
left join profiles on profiles.customer_id = customers.customer_id
left join conversations on conversations.customer_id = customers.customer_id
left join contacts on contacts.customer_id = customers.customer_id
left join last_contacts on last_contacts.customer_id = customers.customer_id
