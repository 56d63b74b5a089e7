{%- set has_items = gladly.is_enabled('conversation_items') -%}
{%- set has_report = gladly.is_enabled('conversation_export_report') -%}
{%- set has_sessions = gladly.is_enabled('work_session_events_report_v4') -%}
{%- set has_contacts = has_sessions or gladly.is_enabled('contact_export_report_v3') -%}

with reported as (
    {% if has_report -%}
    select * from {{ ref('stg_gladly__conversation_export_report') }}
    {%- else -%}
    {{ gladly.no_rows({
        'conversation_id': 'string', 'status': 'string', 'conversation_link': 'string', 'topics': 'string',
        'first_channel': 'string', 'last_channel': 'string', 'inbox_id_current': 'string',
        'inbox_name_current': 'string', 'assigned_agent_id_current': 'string',
        'assigned_agent_name_current': 'string', 'conversation_handle_time_in_seconds': 'number',
        'count_of_contacts': 'integer', 'first_closed_at': 'timestamp', 'times_closed': 'integer',
        'times_reopened': 'integer'
    }) }}
    {%- endif %}
),

changes as (
    select * from {{ ref('int_gladly__status_changes') }}
),

statuses as (
    select conversation_id, status, changed_at
    from changes
    where until_at is null
),

closings as (
    select
        conversation_id,
        min(case when status = 'CLOSED' then changed_at end) as first_closed_at,
        max(case when status = 'CLOSED' then changed_at end) as last_closed_at,
        count(case when status = 'CLOSED' then 1 end) as times_closed,
        count(case when is_reopening then 1 end) as times_reopened
    from changes
    group by conversation_id
),

current_topics as (
    select conversation_topics.conversation_id, topics.topic_name
    from {{ ref('int_gladly__conversation_topics') }} as conversation_topics
    inner join {{ ref('int_gladly__topics') }} as topics on topics.topic_id = conversation_topics.topic_id
    where conversation_topics.is_current
),

topics as (
    select
        conversation_id,
        {{ dbt.listagg('topic_name', "', '", 'order by topic_name') }} as topics
    from current_topics
    group by conversation_id
),

messages as (
    {% if has_items -%}
    select
        conversation_id,
        channel,
        direction,
        author_type,
        row_number() over (partition by conversation_id order by sent_at, message_id) as number_from_first,
        row_number() over (partition by conversation_id order by sent_at desc, message_id desc) as number_from_last
    from {{ ref('gladly__messages') }}
    where conversation_id is not null
    {%- else -%}
    {{ gladly.no_rows({
        'conversation_id': 'string', 'channel': 'string', 'direction': 'string', 'author_type': 'string',
        'number_from_first': 'integer', 'number_from_last': 'integer'
    }) }}
    {%- endif %}
),

counts as (
    select
        conversation_id,
        max(case when number_from_first = 1 then channel end) as first_channel,
        max(case when number_from_last = 1 then channel end) as last_channel,
        count(case when direction = 'INBOUND' then 1 end) as count_of_customer_messages,
        count(case when author_type = 'AGENT' then 1 end) as count_of_agent_messages
    from messages
    group by conversation_id
),

numbered_contacts as (
    {% if has_contacts -%}
    select
        *,
        row_number() over (
            partition by conversation_id order by queued_at desc, contact_id desc
        ) as number_from_last
    from {{ ref('gladly__contacts') }}
    {%- else -%}
    {{ gladly.no_rows({
        'conversation_id': 'string', 'inbox_id': 'string', 'agent_id': 'string', 'handle_seconds': 'number',
        'number_from_last': 'integer'
    }) }}
    {%- endif %}
),

contacts as (
    select
        conversation_id,
        count(*) as count_of_contacts,
        sum(handle_seconds) as handle_seconds,
        max(case when number_from_last = 1 then inbox_id end) as inbox_id,
        max(case when number_from_last = 1 then agent_id end) as agent_id
    from numbered_contacts
    group by conversation_id
),

assigned as (
    select
        conversations.*,
        coalesce(reported.inbox_id_current, contacts.inbox_id) as inbox_id,
        coalesce(reported.assigned_agent_id_current, contacts.agent_id) as agent_id
    from {{ ref('int_gladly__conversations') }} as conversations
    left join reported on reported.conversation_id = conversations.conversation_id
    left join contacts on contacts.conversation_id = conversations.conversation_id
),

responses as (
    {% if has_items -%}
    select * from {{ ref('int_gladly__first_responses') }}
    {%- else -%}
    {{ gladly.no_rows({
        'conversation_id': 'string', 'asked_at': 'timestamp', 'responded_at': 'timestamp', 'agent_id': 'string',
        'response_seconds': 'number'
    }) }}
    {%- endif %}
)

select
    conversations.conversation_id,
    conversations.customer_id,
    case when reported.status = 'MERGED' then 'MERGED' else statuses.status end as status,
    reported.status as reported_status,
    coalesce(reported.first_channel, counts.first_channel) as channel,
    coalesce(reported.last_channel, counts.last_channel) as last_channel,
    conversations.inbox_id,
    coalesce(inboxes.inbox_name, reported.inbox_name_current) as inbox_name,
    conversations.agent_id,
    coalesce(agents.agent_name, reported.assigned_agent_name_current) as agent_name,
    coalesce(topics.topics, reported.topics) as topics,
    conversations.created_at,
    {{ gladly.to_local('conversations.created_at') }} as created_at_local,
    {{ gladly.local_date('conversations.created_at') }} as created_date,
    conversations.is_start_loaded,
    coalesce(reported.first_closed_at, closings.first_closed_at) as first_closed_at,
    closings.last_closed_at,
    statuses.changed_at as status_changed_at,
    greatest(closings.times_closed, coalesce(reported.times_closed, 0)) as times_closed,
    greatest(closings.times_reopened, coalesce(reported.times_reopened, 0)) as times_reopened,
    {{ gladly.seconds_between(
        'conversations.created_at', 'coalesce(reported.first_closed_at, closings.first_closed_at)'
    ) }} as first_closed_seconds,
    case when conversations.is_start_loaded then responses.asked_at end as asked_at,
    case when conversations.is_start_loaded then responses.responded_at end as first_response_at,
    case when conversations.is_start_loaded then responses.response_seconds end as first_response_seconds,
    case when conversations.is_start_loaded then responses.agent_id end as first_response_agent_id,
    coalesce(reported.conversation_handle_time_in_seconds, contacts.handle_seconds) as handle_seconds,
    coalesce(reported.count_of_contacts, contacts.count_of_contacts) as count_of_contacts,
    coalesce(counts.count_of_customer_messages, 0) as count_of_customer_messages,
    coalesce(counts.count_of_agent_messages, 0) as count_of_agent_messages,
    reported.conversation_link
from assigned as conversations
left join reported on reported.conversation_id = conversations.conversation_id
left join statuses on statuses.conversation_id = conversations.conversation_id
left join closings on closings.conversation_id = conversations.conversation_id
left join topics on topics.conversation_id = conversations.conversation_id
left join counts on counts.conversation_id = conversations.conversation_id
left join contacts on contacts.conversation_id = conversations.conversation_id
left join responses on responses.conversation_id = conversations.conversation_id
left join {{ ref('int_gladly__inboxes') }} as inboxes on inboxes.inbox_id = conversations.inbox_id
left join {{ ref('int_gladly__agents') }} as agents on agents.agent_id = conversations.agent_id
