-- Each status that a conversation had, from its creation on, and when the next one began.
with conversations as (
    select * from {{ ref('int_gladly__conversations') }}
),

recorded as (
    {% if gladly.is_enabled('conversation_items') -%}
    select conversation_id, occurred_at as changed_at, content_status as status
    from {{ ref('stg_gladly__conversation_items') }}
    where item_type = 'CONVERSATION_STATUS_CHANGE' and content_status in ('OPEN', 'CLOSED')
    union all
    {% endif -%}
    {% if gladly.is_enabled('conversation_timestamps_report') -%}
    select
        conversation_id,
        recorded_at as changed_at,
        case event_type when 'CONVERSATION/CLOSED' then 'CLOSED' else 'OPEN' end as status
    from {{ ref('stg_gladly__conversation_timestamps_report') }}
    where event_type in ('CONVERSATION/CLOSED', 'CONVERSATION/REOPENED')
    union all
    {% endif -%}
    {{ gladly.no_rows({'conversation_id': 'string', 'changed_at': 'timestamp', 'status': 'string'}) }}
),

reported as (
    {% if gladly.is_enabled('conversation_export_report') -%}
    select conversation_id, status, last_closed_at
    from {{ ref('stg_gladly__conversation_export_report') }}
    where last_closed_at is not null
    {%- else -%}
    {{ gladly.no_rows({'conversation_id': 'string', 'status': 'string', 'last_closed_at': 'timestamp'}) }}
    {%- endif %}
),

last_recorded as (
    select conversation_id, max(changed_at) as changed_at
    from recorded
    group by conversation_id
),

-- The report also has closes after the newest export file and before the oldest one. Its timestamps have milliseconds
-- only, so closes less than a second apart are the same one.
newer_reports as (
    select
        reported.conversation_id,
        reported.status,
        reported.last_closed_at,
        last_recorded.changed_at is null
        or reported.last_closed_at > {{ dbt.dateadd('second', 1, 'last_recorded.changed_at') }} as is_unrecorded
    from reported
    left join last_recorded on last_recorded.conversation_id = reported.conversation_id
    where
        last_recorded.changed_at is null
        or reported.last_closed_at >= {{ dbt.dateadd('second', -1, 'last_recorded.changed_at') }}
),

known as (
    select conversation_id, created_at as changed_at, 'OPEN' as status, 1 as place
    from conversations
    union all
    select conversation_id, changed_at, status, 2 as place
    from recorded
    union all
    select conversation_id, last_closed_at as changed_at, 'CLOSED' as status, 3 as place
    from newer_reports
    where is_unrecorded
    union all
    -- The conversation was reopened after that. The time isn't in the loaded data, so it is one second later here.
    select conversation_id, {{ dbt.dateadd('second', 1, 'last_closed_at') }} as changed_at, 'OPEN' as status, 4 as place
    from newer_reports
    where status = 'OPEN'
),

ordered as (
    select
        conversation_id,
        changed_at,
        status,
        place,
        lag(status) over (partition by conversation_id order by changed_at, place) as status_before
    from known
    where conversation_id is not null and changed_at is not null
)

select
    conversation_id,
    changed_at,
    status,
    status = 'OPEN' and status_before is not null as is_reopening,
    row_number() over (partition by conversation_id order by changed_at, place) as change_number,
    lead(changed_at) over (partition by conversation_id order by changed_at, place) as until_at
from ordered
where status_before is null or status <> status_before
