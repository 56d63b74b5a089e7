-- A customer's first message in a conversation, and the first message or answered call of an agent after it.
{{ config(enabled=gladly.is_enabled('conversation_items')) }}

with messages as (
    select * from {{ ref('gladly__messages') }}
    where conversation_id is not null
),

questions as (
    select conversation_id, min(sent_at) as asked_at
    from messages
    where direction = 'INBOUND'
    group by conversation_id
),

answers as (
    select
        questions.conversation_id,
        questions.asked_at,
        messages.agent_id,
        case when messages.kind = 'CALL' then messages.answered_at else messages.sent_at end as responded_at
    from questions
    inner join messages on messages.conversation_id = questions.conversation_id
    where messages.kind = 'CALL' or messages.author_type = 'AGENT'
),

ordered as (
    select
        *,
        row_number() over (partition by conversation_id order by responded_at, agent_id) as row_number_of_answer
    from answers
    where responded_at > asked_at
)

select
    questions.conversation_id,
    questions.asked_at,
    ordered.responded_at,
    ordered.agent_id,
    {{ gladly.seconds_between('questions.asked_at', 'ordered.responded_at') }} as response_seconds
from questions
left join ordered on ordered.conversation_id = questions.conversation_id and ordered.row_number_of_answer = 1
