{%- set has_durations = gladly.is_enabled('agent_durations_report_v2') -%}
{%- set has_sessions = gladly.is_enabled('work_session_events_report_v4') -%}
{%- set has_items = gladly.is_enabled('conversation_items') -%}
{{ config(enabled=has_durations or has_sessions or has_items) }}

with spans as (
    {% if has_durations -%}
    select agent_id, agent, type, start_time, end_time
    from {{ ref('stg_gladly__agent_durations_report_v2') }}
    where end_time is not null
    {%- else -%}
    {{ gladly.no_rows({
        'agent_id': 'string', 'agent': 'string', 'type': 'string', 'start_time': 'timestamp', 'end_time': 'timestamp'
    }) }}
    {%- endif %}
),

-- A span across midnight is split between both days.
pieces as (
    select
        spans.agent_id,
        spans.agent,
        spans.type,
        days.date_day,
        {{ gladly.seconds_between(
            'greatest(spans.start_time, days.starts_at)', 'least(spans.end_time, days.ends_at)'
        ) }} as piece_seconds
    from spans
    inner join {{ ref('int_gladly__days') }} as days
        on spans.start_time < days.ends_at and spans.end_time > days.starts_at
),

present as (
    select
        agent_id,
        date_day,
        max(agent) as agent_name,
        sum(case when type = 'ACTIVE' then piece_seconds else 0 end) as active_seconds,
        sum(case when type = 'AWAY' then piece_seconds else 0 end) as away_seconds
    from pieces
    group by agent_id, date_day
),

handled as (
    {% if has_sessions -%}
    select
        agent_id,
        {{ gladly.local_date('contact_session_ended_at') }} as date_day,
        count(work_session_handle_time_sec) as contacts_handled,
        sum(work_session_handle_time_sec) as handle_seconds,
        sum(work_session_after_contact_time_sec) as after_contact_seconds
    from {{ ref('stg_gladly__work_session_events_report_v4') }}
    where agent_id is not null and contact_session_ended_at is not null
    group by agent_id, {{ gladly.local_date('contact_session_ended_at') }}
    {%- else -%}
    {{ gladly.no_rows({
        'agent_id': 'string', 'date_day': 'date', 'contacts_handled': 'integer', 'handle_seconds': 'number',
        'after_contact_seconds': 'number'
    }) }}
    {%- endif %}
),

written as (
    {% if has_items -%}
    select
        author_id as agent_id,
        sent_date as date_day,
        count(*) as messages_sent,
        count(distinct conversation_id) as conversations
    from {{ ref('gladly__messages') }}
    where author_type = 'AGENT' and author_id is not null
    group by author_id, sent_date
    {%- else -%}
    {{ gladly.no_rows({
        'agent_id': 'string', 'date_day': 'date', 'messages_sent': 'integer', 'conversations': 'integer'
    }) }}
    {%- endif %}
),

agent_days as (
    select agent_id, date_day from present
    union
    select agent_id, date_day from handled
    union
    select agent_id, date_day from written
)

select
    agent_days.agent_id,
    agent_days.date_day,
    coalesce(agents.agent_name, present.agent_name) as agent_name,
    present.active_seconds,
    present.away_seconds,
    coalesce(handled.contacts_handled, 0) as contacts_handled,
    handled.handle_seconds,
    handled.after_contact_seconds,
    handled.handle_seconds / nullif(present.active_seconds, 0) as utilization,
    coalesce(written.messages_sent, 0) as messages_sent,
    coalesce(written.conversations, 0) as conversations_written_in
from agent_days
left join present on present.agent_id = agent_days.agent_id and present.date_day = agent_days.date_day
left join handled on handled.agent_id = agent_days.agent_id and handled.date_day = agent_days.date_day
left join written on written.agent_id = agent_days.agent_id and written.date_day = agent_days.date_day
left join {{ ref('int_gladly__agents') }} as agents on agents.agent_id = agent_days.agent_id
