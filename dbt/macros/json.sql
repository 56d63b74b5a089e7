{# JSON functions, for each database. #}

{% macro to_json(expression) %}{{ return(adapter.dispatch('to_json', 'gladly')(expression)) }}{% endmacro %}

{% macro default__to_json(expression) %}{{ return('cast(' ~ expression ~ ' as json)') }}{% endmacro %}

{# target-postgres stores lists of text as arrays. #}
{% macro postgres__to_json(expression) %}
    {{ return('cast(null as jsonb)' if expression == 'null' else 'to_jsonb(' ~ expression ~ ')') }}
{% endmacro %}

{% macro snowflake__to_json(expression) %}{{ return('to_variant(' ~ expression ~ ')') }}{% endmacro %}

{% macro json_get(json, names) %}
    {#- Return SQL for a value in JSON, as JSON. -#}
    {{ return(adapter.dispatch('json_get', 'gladly')(json, names)) }}
{% endmacro %}

{% macro default__json_get(json, names) %}
    {{ return('(' ~ json ~ " -> '" ~ names | join("' -> '") ~ "')") }}
{% endmacro %}

{% macro snowflake__json_get(json, names) %}
    {{ return('get_path(' ~ json ~ ", '" ~ names | join('.') ~ "')") }}
{% endmacro %}

{% macro bigquery__json_get(json, names) %}
    {{ return('json_query(' ~ json ~ ", '$." ~ names | join('.') ~ "')") }}
{% endmacro %}

{% macro json_text(json, names) %}
    {#- Return SQL for a value in JSON, as text. -#}
    {{ return(adapter.dispatch('json_text', 'gladly')(json, names)) }}
{% endmacro %}

{% macro default__json_text(json, names) %}
    {%- set object = gladly.json_get(json, names[:-1]) if names[1:] else json -%}
    {{ return('(' ~ object ~ " ->> '" ~ names[-1] ~ "')") }}
{% endmacro %}

{% macro snowflake__json_text(json, names) %}
    {{ return('cast(' ~ gladly.json_get(json, names) ~ ' as varchar)') }}
{% endmacro %}

{% macro bigquery__json_text(json, names) %}
    {{ return('json_value(' ~ json ~ ", '$." ~ names | join('.') ~ "')") }}
{% endmacro %}

{% macro json_first(json) %}
    {#- Return SQL for the first text in a JSON list. -#}
    {{ return(adapter.dispatch('json_first', 'gladly')(json)) }}
{% endmacro %}

{% macro default__json_first(json) %}{{ return('(' ~ json ~ " ->> '$[0]')") }}{% endmacro %}

{% macro postgres__json_first(json) %}{{ return('(' ~ json ~ ' ->> 0)') }}{% endmacro %}

{% macro snowflake__json_first(json) %}{{ return('cast(get(' ~ json ~ ', 0) as varchar)') }}{% endmacro %}

{% macro bigquery__json_first(json) %}{{ return('json_value(' ~ json ~ ", '$[0]')") }}{% endmacro %}

{% macro cross_join_json_list(json, alias) %}
    {#- Return the end of a FROM clause that joins each text in a JSON list, as `<alias>.value`. -#}
    {{ return(adapter.dispatch('cross_join_json_list', 'gladly')(json, alias)) }}
{% endmacro %}

{% macro default__cross_join_json_list(json, alias) %}
    {%- set list = 'case when json_type(' ~ json ~ ") = 'ARRAY' then cast(" ~ json ~ ' as varchar[]) end' -%}
    {{ return('cross join lateral (select unnest(' ~ list ~ ') as value) as ' ~ alias) }}
{% endmacro %}

{% macro postgres__cross_join_json_list(json, alias) %}
    {%- set list = 'case when jsonb_typeof(' ~ json ~ ") = 'array' then " ~ json ~ ' end' -%}
    {{ return('cross join lateral jsonb_array_elements_text(' ~ list ~ ') as ' ~ alias ~ ' (value)') }}
{% endmacro %}

{% macro snowflake__cross_join_json_list(json, alias) %}
    {{ return('cross join lateral flatten(input => ' ~ json ~ ') as ' ~ alias) }}
{% endmacro %}

{% macro bigquery__cross_join_json_list(json, alias) %}
    {{ return('cross join unnest(json_value_array(' ~ json ~ ')) as value') }}
{% endmacro %}
