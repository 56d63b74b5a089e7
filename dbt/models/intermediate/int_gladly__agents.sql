-- Agents from the list, and agents that only export files have.
with found as (
    {% if gladly.is_enabled('agents_list') -%}
    select agent_id, name, email_address, 1 as place from {{ ref('stg_gladly__agents_list') }}
    union all
    {% endif -%}
    {% if gladly.is_enabled('agents') -%}
    select agent_id, name, email_address, 2 as place from {{ ref('stg_gladly__agents') }}
    union all
    {% endif -%}
    {{ gladly.no_rows({'agent_id': 'string', 'name': 'string', 'email_address': 'string', 'place': 'integer'}) }}
),

numbered as (
    select
        agent_id,
        name,
        email_address,
        row_number() over (partition by agent_id order by place) as row_number_of_agent
    from found
)

select
    agent_id,
    name as agent_name,
    email_address
from numbered
where row_number_of_agent = 1
