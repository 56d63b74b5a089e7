-- Topics from the list, and topics that only export files have, each with its parent.
with found as (
    {% if gladly.is_enabled('topics_list') -%}
    select topic_id, name, is_disabled, parent_id, 1 as place from {{ ref('stg_gladly__topics_list') }}
    union all
    {% endif -%}
    {% if gladly.is_enabled('topics') -%}
    select topic_id, name, is_disabled, parent_id, 2 as place from {{ ref('stg_gladly__topics') }}
    union all
    {% endif -%}
    {{ gladly.no_rows({
        'topic_id': 'string', 'name': 'string', 'is_disabled': 'boolean', 'parent_id': 'string', 'place': 'integer'
    }) }}
),

numbered as (
    select
        topic_id,
        name,
        is_disabled,
        parent_id,
        row_number() over (partition by topic_id order by place) as row_number_of_topic
    from found
),

topics as (
    select * from numbered where row_number_of_topic = 1
)

select
    topics.topic_id,
    topics.name as topic_name,
    topics.is_disabled,
    topics.parent_id as parent_topic_id,
    parents.name as parent_topic_name,
    case when parents.name is null then topics.name else parents.name || ' > ' || topics.name end as topic_path
from topics
left join topics as parents on parents.topic_id = topics.parent_id
