-- Generated from the tap's schemas by `make docs`.
{{ config(enabled=var('gladly__task_export_report_enabled')) }}

with newest as (
    {{ gladly.newest_rows(
        'task_export_report',
        columns={
            'timezone_filter': 'string',
            'inboxes_filter': 'string',
            'created_at': 'timestamp',
            'task_id': 'string',
            'customer_id': 'string',
            'task_link': 'string',
            'status': 'string',
            'due_at': 'timestamp',
            'closed_at': 'timestamp',
            'inbox_id_current': 'string',
            'inbox_name_current': 'string',
            'assigned_agent_id_current': 'string',
            'assigned_agent_name_current': 'string',
            'initiator_agent_id_created': 'string',
            'initiator_agent_name_created': 'string',
            'created_to_closed_time_in_seconds': 'number',
            'count_of_comments': 'integer',
            'times_reopened': 'integer',
            '_window_end': 'timestamp',
            '_unmapped': 'json',
        },
        key=['task_id'],
        newest='_window_end'
    ) }}
)

select
    {{ gladly.read('timezone_filter', 'string') }} as timezone_filter,
    {{ gladly.read('inboxes_filter', 'string') }} as inboxes_filter,
    {{ gladly.read('created_at', 'timestamp') }} as created_at,
    {{ gladly.read('task_id', 'string') }} as task_id,
    {{ gladly.read('customer_id', 'string') }} as customer_id,
    {{ gladly.read('task_link', 'string') }} as task_link,
    {{ gladly.read('status', 'string') }} as status,
    {{ gladly.read('due_at', 'timestamp') }} as due_at,
    {{ gladly.read('closed_at', 'timestamp') }} as closed_at,
    {{ gladly.read('inbox_id_current', 'string') }} as inbox_id_current,
    {{ gladly.read('inbox_name_current', 'string') }} as inbox_name_current,
    {{ gladly.read('assigned_agent_id_current', 'string') }} as assigned_agent_id_current,
    {{ gladly.read('assigned_agent_name_current', 'string') }} as assigned_agent_name_current,
    {{ gladly.read('initiator_agent_id_created', 'string') }} as initiator_agent_id_created,
    {{ gladly.read('initiator_agent_name_created', 'string') }} as initiator_agent_name_created,
    {{ gladly.read('created_to_closed_time_in_seconds', 'number') }} as created_to_closed_time_in_seconds,
    {{ gladly.read('count_of_comments', 'integer') }} as count_of_comments,
    {{ gladly.read('times_reopened', 'integer') }} as times_reopened,
    {{ gladly.read('_window_end', 'timestamp') }} as _window_end,
    {{ gladly.read('_unmapped', 'json') }} as _unmapped
from newest
