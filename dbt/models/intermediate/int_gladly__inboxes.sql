-- Names of inboxes.
{% if gladly.is_enabled('inboxes') -%}
select
    inbox_id,
    name as inbox_name
from {{ ref('stg_gladly__inboxes') }}
{%- else -%}
{{ gladly.no_rows({'inbox_id': 'string', 'inbox_name': 'string'}) }}
{%- endif %}
