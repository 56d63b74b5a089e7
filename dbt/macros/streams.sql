{# Streams that are loaded or not, and what they call a channel. #}

{% macro channel_of(item_type) %}
    {#- Return the SQL of the reports' name of a conversation item's channel. -#}
    case {{ item_type }}
        when 'CHAT_MESSAGE' then 'CHAT'
        when 'FACEBOOK_MESSAGE' then 'FB_MESSENGER'
        when 'VOICE_AI_MESSAGE' then 'PHONE_CALL'
        else {{ item_type }}
    end
{%- endmacro %}

{% macro is_enabled(stream) %}{{ return(var('gladly__' ~ stream ~ '_enabled')) }}{% endmacro %}
{% macro no_rows(columns) %}
    {#- Select nothing, with columns of these kinds, in the place of a stream that is not loaded. -#}
    select
    {%- for name, kind in columns.items() %}
        {{ gladly.null_of(kind) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (select 1 as nothing) as empty
    where nothing = 0
{%- endmacro %}
