{# Whether a stream is loaded, and channel names. #}

{% macro channel_of(item_type) %}
    {#- Return SQL for the channel name in reports, from a conversation item's type. -#}
    case {{ item_type }}
        when 'CHAT_MESSAGE' then 'CHAT'
        when 'FACEBOOK_MESSAGE' then 'FB_MESSENGER'
        when 'VOICE_AI_MESSAGE' then 'PHONE_CALL'
        else {{ item_type }}
    end
{%- endmacro %}

{% macro is_enabled(stream) %}{{ return(var('gladly__' ~ stream ~ '_enabled')) }}{% endmacro %}
{% macro no_rows(columns) %}
    {#- Select no rows, with columns of these kinds: a stand-in for a stream that isn't loaded. -#}
    select
    {%- for name, kind in columns.items() %}
        {{ gladly.null_of(kind) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (select 1 as nothing) as empty
    where nothing = 0
{%- endmacro %}
