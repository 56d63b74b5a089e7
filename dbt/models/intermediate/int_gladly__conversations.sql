-- Every conversation in any loaded stream, and when it began.
with mentions as (
    {% if gladly.is_enabled('conversation_items') -%}
    select conversation_id, customer_id, occurred_at as mentioned_at
    from {{ ref('stg_gladly__conversation_items') }}
    union all
    {% endif -%}
    {% if gladly.is_enabled('contact_export_report_v3') -%}
    select conversation_id, customer_id, queued_at as mentioned_at
    from {{ ref('stg_gladly__contact_export_report_v3') }}
    union all
    {% endif -%}
    {% if gladly.is_enabled('work_session_events_report_v4') -%}
    select conversation_id, customer_id, contact_session_created_at as mentioned_at
    from {{ ref('stg_gladly__work_session_events_report_v4') }}
    union all
    {% endif -%}
    {% if gladly.is_enabled('conversation_export_report') -%}
    select conversation_id, customer_id, created_at as mentioned_at
    from {{ ref('stg_gladly__conversation_export_report') }}
    union all
    {% endif -%}
    {{ gladly.no_rows({'conversation_id': 'string', 'customer_id': 'string', 'mentioned_at': 'timestamp'}) }}
),

mentioned as (
    select
        conversation_id,
        max(customer_id) as customer_id,
        min(mentioned_at) as first_mentioned_at
    from mentions
    where conversation_id is not null
    group by conversation_id
),

reported as (
    {% if gladly.is_enabled('conversation_export_report') -%}
    select conversation_id, customer_id, created_at from {{ ref('stg_gladly__conversation_export_report') }}
    {%- else -%}
    {{ gladly.no_rows({'conversation_id': 'string', 'customer_id': 'string', 'created_at': 'timestamp'}) }}
    {%- endif %}
),

exported as (
    -- The first messages of conversations that began before the oldest export file may be missing.
    {% if gladly.is_enabled('jobs') -%}
    select min(parameters_start_at) as first_exported_at
    from {{ ref('stg_gladly__jobs') }}
    where status = 'COMPLETED'
    {%- else -%}
    select cast(null as {{ dbt.type_timestamp() }}) as first_exported_at
    {%- endif %}
)

select
    mentioned.conversation_id,
    coalesce(reported.customer_id, mentioned.customer_id) as customer_id,
    coalesce(reported.created_at, mentioned.first_mentioned_at) as created_at,
    coalesce(
        {% if gladly.is_enabled('conversation_export_report') %}reported.created_at is not null and {% endif -%}
        coalesce(reported.created_at, mentioned.first_mentioned_at) >= exported.first_exported_at,
        {{ 'reported.created_at is not null' if gladly.is_enabled('conversation_export_report') else 'true' }}
    ) as is_start_loaded
from mentioned
cross join exported
left join reported on reported.conversation_id = mentioned.conversation_id
