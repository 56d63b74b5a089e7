{# Timestamps are in UTC. Local times are in the time zone of the variable gladly__timezone. #}

{% macro seconds_between(start, end) %}
    {#- Return SQL for the seconds between two timestamps, with fractions. -#}
    {{ return(adapter.dispatch('seconds_between', 'gladly')(start, end)) }}
{% endmacro %}

{% macro default__seconds_between(start, end) %}
    {{ return('cast(extract(epoch from (' ~ end ~ ' - ' ~ start ~ ')) as ' ~ gladly.type_double() ~ ')') }}
{% endmacro %}

{% macro snowflake__seconds_between(start, end) %}
    {{ return('datediff(microsecond, ' ~ start ~ ', ' ~ end ~ ') / 1e6') }}
{% endmacro %}

{% macro bigquery__seconds_between(start, end) %}
    {{ return('timestamp_diff(' ~ end ~ ', ' ~ start ~ ', microsecond) / 1e6') }}
{% endmacro %}

{% macro to_local(timestamp) %}
    {#- Return SQL that converts a timestamp in UTC to local time. -#}
    {{ return(adapter.dispatch('to_local', 'gladly')(timestamp, var('gladly__timezone'))) }}
{% endmacro %}

{% macro default__to_local(timestamp, zone) %}
    {{ return('(' ~ timestamp ~ " at time zone 'UTC' at time zone '" ~ zone ~ "')") }}
{% endmacro %}

{% macro snowflake__to_local(timestamp, zone) %}
    {{ return("convert_timezone('UTC', '" ~ zone ~ "', " ~ timestamp ~ ')') }}
{% endmacro %}

{% macro bigquery__to_local(timestamp, zone) %}
    {{ return('datetime(' ~ timestamp ~ ", '" ~ zone ~ "')") }}
{% endmacro %}

{% macro from_local(timestamp) %}
    {#- Return SQL that converts a local time to a timestamp in UTC. -#}
    {{ return(adapter.dispatch('from_local', 'gladly')(timestamp, var('gladly__timezone'))) }}
{% endmacro %}

{% macro default__from_local(timestamp, zone) %}
    {{ return('(' ~ timestamp ~ " at time zone '" ~ zone ~ "' at time zone 'UTC')") }}
{% endmacro %}

{% macro snowflake__from_local(timestamp, zone) %}
    {{ return("convert_timezone('" ~ zone ~ "', 'UTC', " ~ timestamp ~ ')') }}
{% endmacro %}

{% macro bigquery__from_local(timestamp, zone) %}
    {{ return('timestamp(' ~ timestamp ~ ", '" ~ zone ~ "')") }}
{% endmacro %}

{% macro local_date(timestamp) %}{{ return('cast(' ~ gladly.to_local(timestamp) ~ ' as date)') }}{% endmacro %}
