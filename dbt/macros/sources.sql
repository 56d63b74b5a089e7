{# Read the tap's tables: the newest row of each key, and null for columns that weren't loaded. #}

{% macro newest_rows(stream, columns, key, newest=none) %}
    {#- Select the newest row of each key of a stream's table.

    A target that upserts already has one row per key. A target that appends has one row per load.

    Args:
        stream: The stream. Its table has the same name.
        columns: The kind of each declared column, by name: json, number, ... A column that the table lacks,
            because it was deselected or dropped by a stream map, is null.
        key: The stream's key columns.
        newest: The column whose greatest value marks the newest row.
    -#}
    {%- set relation = source('gladly', stream) -%}
    {%- set loaded = gladly.loaded_columns(relation) -%}
    {%- set order = [newest] if newest and newest | lower in loaded else [] -%}
    {%- set order = order + ['_sdc_extracted_at', '_sdc_received_at', '_sdc_batched_at'] | select('in', loaded) | list -%}
    select
    {%- for name, kind in columns.items() %}
        {%- if name | lower in loaded %}
        {{ gladly.source_column(name) }}
        {%- else %}
        {{ gladly.null_of(kind) }} as {{ gladly.source_column(name) }}
        {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        select
            *,
            row_number() over (
                partition by {% for name in key %}{{ gladly.source_column(name) }}{{ ', ' if not loop.last }}{% endfor %}
                order by {% for name in order %}{{ gladly.source_column(name) }} desc, {% endfor %}1
            ) as gladly_row_number
        from {{ relation }}
    ) as numbered
    where gladly_row_number = 1
{%- endmacro %}

{% macro loaded_columns(relation) %}
    {#- Return the names of a table's columns in lower case. -#}
    {%- if not execute %}{{ return([]) }}{% endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- if not columns -%}
        {{ exceptions.raise_compiler_error(
            'The table ' ~ relation ~ ' does not exist. Load the stream ' ~ relation.identifier
            ~ ', or set the variable gladly__' ~ relation.identifier ~ '_enabled to false.'
        ) }}
    {%- endif -%}
    {{ return(columns | map(attribute='name') | map('lower') | list) }}
{%- endmacro %}

{% macro source_column(name) %}{{ return(adapter.dispatch('source_column', 'gladly')(name)) }}{% endmacro %}

{% macro default__source_column(name) %}{{ return(adapter.quote(name)) }}{% endmacro %}

{# Snowflake targets create columns in upper case. #}
{% macro snowflake__source_column(name) %}{{ return(adapter.quote(name | upper)) }}{% endmacro %}
