with topics as (
    select
        conversation_topics.*,
        {{ gladly.local_date('conversation_topics.added_at') }} as date_day
    from {{ ref('int_gladly__conversation_topics') }} as conversation_topics
    where conversation_topics.is_current
),

daily as (
    select
        topics.date_day,
        topics.topic_id,
        count(*) as conversations,
        count(case when conversations.status = 'OPEN' then 1 end) as open_conversations,
        avg(conversations.first_response_seconds) as average_first_response_seconds,
        avg(conversations.handle_seconds) as average_handle_seconds
    from topics
    inner join {{ ref('gladly__conversations') }} as conversations
        on conversations.conversation_id = topics.conversation_id
    where conversations.status <> 'MERGED'
    group by topics.date_day, topics.topic_id
)

select
    daily.date_day,
    daily.topic_id,
    names.topic_name,
    names.parent_topic_id,
    names.parent_topic_name,
    names.topic_path,
    daily.conversations,
    daily.open_conversations,
    daily.average_first_response_seconds,
    daily.average_handle_seconds
from daily
left join {{ ref('int_gladly__topics') }} as names on names.topic_id = daily.topic_id
