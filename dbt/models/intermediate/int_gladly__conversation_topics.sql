-- Each topic that a conversation has or had.
with changes as (
    {% if gladly.is_enabled('conversation_items') -%}
    select items.conversation_id, added.value as topic_id, items.occurred_at as changed_at, 1 as is_added
    from {{ ref('stg_gladly__conversation_items') }} as items
    {{ gladly.cross_join_json_list('items.content_added_topic_ids', 'added') }}
    union all
    select items.conversation_id, removed.value as topic_id, items.occurred_at as changed_at, 0 as is_added
    from {{ ref('stg_gladly__conversation_items') }} as items
    {{ gladly.cross_join_json_list('items.content_removed_topic_ids', 'removed') }}
    {%- elif gladly.is_enabled('conversation_timestamps_report') -%}
    select
        conversation_id,
        topic_id,
        recorded_at as changed_at,
        case event_type when 'CONVERSATION/TOPIC_ADDED' then 1 else 0 end as is_added
    from {{ ref('stg_gladly__conversation_timestamps_report') }}
    where event_type in ('CONVERSATION/TOPIC_ADDED', 'CONVERSATION/TOPIC_REMOVED')
    {%- else -%}
    {{ gladly.no_rows({
        'conversation_id': 'string', 'topic_id': 'string', 'changed_at': 'timestamp', 'is_added': 'integer'
    }) }}
    {%- endif %}
),

summed as (
    select
        conversation_id,
        topic_id,
        max(case when is_added = 1 then changed_at end) as added_at,
        max(case when is_added = 0 then changed_at end) as removed_at,
        sum(is_added) as times_added,
        sum(1 - is_added) as times_removed
    from changes
    where conversation_id is not null and topic_id is not null
    group by conversation_id, topic_id
)

select
    conversation_id,
    topic_id,
    added_at,
    removed_at,
    cast(times_added as {{ dbt.type_bigint() }}) as times_added,
    cast(times_removed as {{ dbt.type_bigint() }}) as times_removed,
    added_at is not null and (removed_at is null or removed_at < added_at) as is_current
from summed
