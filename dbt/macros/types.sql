{# Typed values from columns and JSON. `path` is a column's name, then the property names in its JSON, joined with dots. #}

{% macro read(path, kind) %}
    {#- Return SQL for a value in a source table, as json, string, number, integer, boolean or timestamp. -#}
    {%- set names = path.split('.') -%}
    {%- set column = gladly.source_column(names[0]) -%}
    {%- if kind == 'json' -%}
        {{ return(gladly.json_get(gladly.to_json(column), names[1:]) if names[1:] else gladly.to_json(column)) }}
    {%- elif names[1:] -%}
        {%- set text = gladly.json_text(gladly.to_json(column), names[1:]) -%}
        {{ return(gladly.text_to_timestamp(text) if kind == 'timestamp' else gladly.convert(text, kind)) }}
    {%- endif -%}
    {{ return(gladly.convert(column, kind)) }}
{% endmacro %}

{% macro convert(expression, kind) %}
    {#- Return SQL that converts a value to a string, number, integer, boolean or timestamp. Empty text is null. -#}
    {%- set text = "nullif(cast(" ~ expression ~ " as " ~ dbt.type_string() ~ "), '')" -%}
    {%- if kind == 'timestamp' -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ dbt.type_timestamp() ~ ')') }}
    {%- elif kind == 'number' -%}
        {{ return(gladly.text_to_number(text)) }}
    {%- elif kind == 'integer' -%}
        {{ return('cast(' ~ gladly.text_to_number(text) ~ ' as ' ~ dbt.type_bigint() ~ ')') }}
    {%- elif kind == 'boolean' -%}
        {{ return(
            "case when lower(" ~ text ~ ") in ('true', 't', 'yes', 'y', '1') then true"
            ~ " when lower(" ~ text ~ ") in ('false', 'f', 'no', 'n', '0') then false end"
        ) }}
    {%- endif -%}
    {{ return(text) }}
{% endmacro %}

{% macro null_of(kind) %}
    {#- Return SQL for null, as a value of this kind. -#}
    {%- set types = {
        'string': dbt.type_string(),
        'number': gladly.type_double(),
        'integer': dbt.type_bigint(),
        'boolean': dbt.type_boolean(),
        'timestamp': dbt.type_timestamp(),
        'date': 'date',
    } -%}
    {{ return(gladly.to_json('null') if kind == 'json' else 'cast(null as ' ~ types[kind] ~ ')') }}
{% endmacro %}

{# dbt.type_float() has only 4 bytes in DuckDB. #}
{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'gladly')()) }}{% endmacro %}

{% macro default__type_double() %}{{ return('double precision') }}{% endmacro %}

{% macro bigquery__type_double() %}{{ return('float64') }}{% endmacro %}

{% macro text_to_number(text) %}{{ return(adapter.dispatch('text_to_number', 'gladly')(text)) }}{% endmacro %}

{% macro default__text_to_number(text) %}
    {{ return('try_cast(' ~ text ~ ' as ' ~ gladly.type_double() ~ ')') }}
{% endmacro %}

{% macro postgres__text_to_number(text) %}
    {{ return(
        "case when " ~ text ~ " ~ '^\\s*[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?\\s*$'"
        ~ " then cast(" ~ text ~ " as double precision) end"
    ) }}
{% endmacro %}

{% macro bigquery__text_to_number(text) %}{{ return('safe_cast(' ~ text ~ ' as float64)') }}{% endmacro %}

{% macro text_to_timestamp(text) %}
    {#- Return SQL that converts an RFC 3339 timestamp to a timestamp in UTC. -#}
    {{ return(adapter.dispatch('text_to_timestamp', 'gladly')(text)) }}
{% endmacro %}

{% macro default__text_to_timestamp(text) %}
    {{ return('cast(cast(' ~ text ~ " as timestamp with time zone) at time zone 'UTC' as timestamp)") }}
{% endmacro %}

{% macro snowflake__text_to_timestamp(text) %}
    {{ return("convert_timezone('UTC', to_timestamp_tz(" ~ text ~ '))::timestamp_ntz') }}
{% endmacro %}

{% macro bigquery__text_to_timestamp(text) %}{{ return('cast(' ~ text ~ ' as timestamp)') }}{% endmacro %}
