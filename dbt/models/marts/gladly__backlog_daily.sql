with conversations as (
    select
        conversation_id,
        coalesce(inbox_id, 'unknown') as inbox_id
    from {{ ref('gladly__conversations') }}
    where status <> 'MERGED'
),

changes as (
    select
        changes.*,
        conversations.inbox_id,
        {{ gladly.local_date('changes.changed_at') }} as changed_date,
        {{ gladly.local_date('changes.until_at') }} as until_date
    from {{ ref('int_gladly__status_changes') }} as changes
    inner join conversations on conversations.conversation_id = changes.conversation_id
),

span as (
    select
        min(changed_date) as first_day,
        max(changed_date) as last_day,
        max(changed_at) as last_changed_at
    from changes
),

-- The last day ends with the newest status change.
days as (
    select
        days.date_day,
        least(days.ends_at, span.last_changed_at) as measured_at
    from {{ ref('int_gladly__days') }} as days
    inner join span on days.date_day >= span.first_day and days.date_day <= span.last_day
),

inboxes as (
    select distinct inbox_id from conversations
),

changed as (
    select
        changed_date as date_day,
        inbox_id,
        count(case when status = 'OPEN' and not is_reopening then 1 end) as opened,
        count(case when is_reopening then 1 end) as reopened,
        count(case when status = 'CLOSED' then 1 end) as closed
    from changes
    group by changed_date, inbox_id
),

-- A conversation that was opened and closed on the same day is in no day's backlog.
waiting as (
    select * from changes
    where status = 'OPEN' and (until_date is null or until_date > changed_date)
),

ages as (
    select
        days.date_day,
        waiting.inbox_id,
        {{ gladly.seconds_between('waiting.changed_at', 'days.measured_at') }} as age_seconds
    from days
    inner join waiting
        on waiting.changed_date <= days.date_day and (waiting.until_date is null or waiting.until_date > days.date_day)
),

backlog as (
    select
        date_day,
        inbox_id,
        count(*) as open_conversations,
        count(case when age_seconds > 86400 then 1 end) as open_over_1_day,
        count(case when age_seconds > 3 * 86400 then 1 end) as open_over_3_days,
        count(case when age_seconds > 7 * 86400 then 1 end) as open_over_7_days,
        avg(age_seconds) as average_age_seconds,
        max(age_seconds) as oldest_age_seconds
    from ages
    group by date_day, inbox_id
)

select
    days.date_day,
    inboxes.inbox_id,
    names.inbox_name,
    coalesce(changed.opened, 0) as opened,
    coalesce(changed.reopened, 0) as reopened,
    coalesce(changed.closed, 0) as closed,
    coalesce(backlog.open_conversations, 0) as open_conversations,
    coalesce(backlog.open_over_1_day, 0) as open_over_1_day,
    coalesce(backlog.open_over_3_days, 0) as open_over_3_days,
    coalesce(backlog.open_over_7_days, 0) as open_over_7_days,
    backlog.average_age_seconds,
    backlog.oldest_age_seconds
from days
cross join inboxes
left join changed on changed.date_day = days.date_day and changed.inbox_id = inboxes.inbox_id
left join backlog on backlog.date_day = days.date_day and backlog.inbox_id = inboxes.inbox_id
left join {{ ref('int_gladly__inboxes') }} as names on names.inbox_id = inboxes.inbox_id
