-- Every local day from the first to the last status change or agent's time span.
with times as (
    select changed_at as known_at from {{ ref('int_gladly__status_changes') }}
    {% if gladly.is_enabled('agent_durations_report_v2') -%}
    union all
    select start_time as known_at from {{ ref('stg_gladly__agent_durations_report_v2') }}
    union all
    select end_time as known_at from {{ ref('stg_gladly__agent_durations_report_v2') }}
    {%- endif %}
),

span as (
    select
        min({{ gladly.local_date('known_at') }}) as first_day,
        max({{ gladly.local_date('known_at') }}) as last_day
    from times
),

digits as (
    {% for digit in range(10) -%}
    select {{ digit }} as digit{{ ' union all ' if not loop.last }}
    {%- endfor %}
),

-- Up to 10,000 days (27 years), in SQL that every database runs.
numbers as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number_of_day
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

days as (
    select
        cast({{ dbt.dateadd('day', 'numbers.number_of_day', 'span.first_day') }} as date) as date_day,
        span.last_day
    from span
    cross join numbers
)

select
    date_day,
    {{ gladly.from_local('cast(date_day as ' ~ dbt.type_timestamp() ~ ')') }} as starts_at,
    {{ gladly.from_local('cast(' ~ dbt.dateadd('day', 1, 'date_day') ~ ' as ' ~ dbt.type_timestamp() ~ ')') }} as ends_at
from days
where date_day <= last_day
