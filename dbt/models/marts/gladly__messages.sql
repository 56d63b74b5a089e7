{{ config(enabled=gladly.is_enabled('conversation_items')) }}

with items as (
    select
        *,
        case
            when item_type = 'PHONE_CALL' then 'CALL'
            when item_type = 'VOICEMAIL' then 'VOICEMAIL'
            when content_text is not null or item_type = 'VOICE_AI_MESSAGE' then 'MESSAGE'
        end as kind,
        case
            when initiator_type = 'AGENT' then initiator_id
            when responder_type = 'AGENT' then responder_id
        end as agent_id
    from {{ ref('stg_gladly__conversation_items') }}
)

select
    items.item_id as message_id,
    items.conversation_id,
    items.customer_id,
    items.occurred_at as sent_at,
    {{ gladly.to_local('items.occurred_at') }} as sent_at_local,
    {{ gladly.local_date('items.occurred_at') }} as sent_date,
    {{ gladly.channel_of('items.item_type') }} as channel,
    items.kind,
    case
        when items.initiator_type = 'CUSTOMER' then 'INBOUND'
        when items.initiator_type is not null then 'OUTBOUND'
        when items.kind = 'VOICEMAIL' then 'INBOUND'
    end as direction,
    items.initiator_type as author_type,
    items.initiator_id as author_id,
    case
        when items.initiator_type in ('AGENT', 'API') then authors.agent_name
        {%- if gladly.is_enabled('customers') %}
        when items.initiator_type = 'CUSTOMER' then customers.name
        {%- endif %}
    end as author_name,
    items.agent_id,
    agents.agent_name,
    items.content_subject as subject,
    coalesce(items.content_text, items.content_body) as body,
    items.content_answered_at as answered_at,
    items.content_completed_at as completed_at,
    {{ gladly.seconds_between('items.content_answered_at', 'items.content_completed_at') }} as call_seconds
from items
left join {{ ref('int_gladly__agents') }} as authors on authors.agent_id = items.initiator_id
left join {{ ref('int_gladly__agents') }} as agents on agents.agent_id = items.agent_id
{%- if gladly.is_enabled('customers') %}
left join {{ ref('stg_gladly__customers') }} as customers on customers.customer_id = items.initiator_id
{%- endif %}
where items.kind is not null
