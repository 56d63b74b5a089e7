{{ config(
    enabled=gladly.is_enabled('contact_export_report_v3') or gladly.is_enabled('work_session_events_report_v4')
) }}

with exported as (
    {% if gladly.is_enabled('contact_export_report_v3') -%}
    select
        contact_id,
        conversation_id,
        customer_id,
        channel,
        direction,
        contact_initiator,
        entry_point,
        queued_at,
        inbox_id,
        agent_id,
        fulfilled_at,
        ended_at,
        status
    from {{ ref('stg_gladly__contact_export_report_v3') }}
    {%- else -%}
    {{ gladly.no_rows({
        'contact_id': 'string', 'conversation_id': 'string', 'customer_id': 'string', 'channel': 'string',
        'direction': 'string', 'contact_initiator': 'string', 'entry_point': 'string', 'queued_at': 'timestamp',
        'inbox_id': 'string', 'agent_id': 'string', 'fulfilled_at': 'timestamp', 'ended_at': 'timestamp',
        'status': 'string'
    }) }}
    {%- endif %}
),

sessions as (
    {% if gladly.is_enabled('work_session_events_report_v4') -%}
    select
        *,
        {{ gladly.convert('within_sla', 'boolean') }} as is_within_sla,
        row_number() over (
            partition by contact_id
            order by case when agent_accepted_at is null then 1 else 0 end, agent_accepted_at, agent_id
        ) as row_number_of_session
    from {{ ref('stg_gladly__work_session_events_report_v4') }}
    {%- else -%}
    {{ gladly.no_rows({
        'contact_id': 'string', 'conversation_id': 'string', 'customer_id': 'string', 'channel': 'string',
        'direction': 'string', 'inbox_id': 'string', 'agent_id': 'string', 'status': 'string',
        'is_within_sla': 'boolean', 'contact_session_created_at': 'timestamp', 'agent_accepted_at': 'timestamp',
        'sla_fulfilled_at': 'timestamp', 'contact_session_ended_at': 'timestamp',
        'work_session_handle_time_sec': 'number', 'work_session_after_contact_time_sec': 'number',
        'row_number_of_session': 'integer'
    }) }}
    {%- endif %}
),

-- The contact has the agent who accepted it first. Work of other agents is added to its times.
first_sessions as (
    select * from sessions where row_number_of_session = 1
),

worked as (
    select
        contact_id,
        min(agent_accepted_at) as accepted_at,
        min(sla_fulfilled_at) as fulfilled_at,
        max(contact_session_ended_at) as ended_at,
        max(case when is_within_sla then 1 when not is_within_sla then 0 end) as within_sla,
        sum(work_session_handle_time_sec) as handle_seconds,
        sum(work_session_after_contact_time_sec) as after_contact_seconds,
        count(agent_id) as count_of_agents
    from sessions
    group by contact_id
),

contacts as (
    select
        coalesce(exported.contact_id, first_sessions.contact_id) as contact_id,
        coalesce(exported.conversation_id, first_sessions.conversation_id) as conversation_id,
        coalesce(exported.customer_id, first_sessions.customer_id) as customer_id,
        case exported.channel
            when 'ABANDONED_CALL' then 'PHONE_CALL'
            else coalesce(exported.channel, first_sessions.channel)
        end as channel,
        coalesce(exported.direction, first_sessions.direction) as direction,
        exported.contact_initiator as initiator_type,
        exported.entry_point,
        coalesce(exported.queued_at, first_sessions.contact_session_created_at) as queued_at,
        exported.channel = 'ABANDONED_CALL' as is_abandoned_call,
        coalesce(first_sessions.status, exported.status) as status,
        coalesce(first_sessions.inbox_id, exported.inbox_id) as inbox_id,
        coalesce(first_sessions.agent_id, exported.agent_id) as agent_id,
        exported.fulfilled_at,
        exported.ended_at
    from exported
    full outer join first_sessions on first_sessions.contact_id = exported.contact_id
),

numbered as (
    select
        *,
        lag(queued_at) over (partition by customer_id order by queued_at, contact_id) as previous_queued_at,
        row_number() over (partition by customer_id order by queued_at, contact_id) as contact_number
    from contacts
)

select
    numbered.contact_id,
    numbered.conversation_id,
    numbered.customer_id,
    numbered.channel,
    numbered.direction,
    numbered.initiator_type,
    numbered.entry_point,
    numbered.inbox_id,
    inboxes.inbox_name,
    numbered.agent_id,
    agents.agent_name,
    numbered.status,
    coalesce(numbered.is_abandoned_call, false) or coalesce(numbered.status = 'ABANDONED', false) as is_abandoned,
    numbered.queued_at,
    {{ gladly.to_local('numbered.queued_at') }} as queued_at_local,
    {{ gladly.local_date('numbered.queued_at') }} as queued_date,
    worked.accepted_at,
    coalesce(worked.fulfilled_at, numbered.fulfilled_at) as fulfilled_at,
    coalesce(worked.ended_at, numbered.ended_at) as ended_at,
    {{ gladly.seconds_between('numbered.queued_at', 'worked.accepted_at') }} as wait_seconds,
    {{ gladly.seconds_between('numbered.queued_at', 'coalesce(worked.fulfilled_at, numbered.fulfilled_at)') }} as response_seconds,
    worked.handle_seconds,
    worked.after_contact_seconds,
    case worked.within_sla when 1 then true when 0 then false end as is_within_sla,
    coalesce(worked.count_of_agents, 0) as count_of_agents,
    case when numbered.customer_id is not null then numbered.contact_number end as contact_number,
    case
        when numbered.customer_id is not null
        then {{ gladly.seconds_between('numbered.previous_queued_at', 'numbered.queued_at') }}
    end as seconds_since_previous_contact
from numbered
left join worked on worked.contact_id = numbered.contact_id
left join {{ ref('int_gladly__inboxes') }} as inboxes on inboxes.inbox_id = numbered.inbox_id
left join {{ ref('int_gladly__agents') }} as agents on agents.agent_id = numbered.agent_id
