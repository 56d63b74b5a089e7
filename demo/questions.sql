-- Who writes more? Messages by channel
SELECT
    content ->> 'type' AS channel,
    count(*) FILTER (initiator ->> 'type' = 'CUSTOMER') AS "from customers",
    count(*) FILTER (initiator ->> 'type' = 'AGENT') AS "from agents",
    count(DISTINCT conversationid) AS conversations
FROM conversation_items
WHERE content ->> 'content' IS NOT NULL AND conversationid IS NOT NULL
GROUP BY channel
ORDER BY conversations DESC;

-- How long do customers wait? Time from their first message to the first reply
WITH messages AS (
    SELECT conversationid, "timestamp" AS sent, content ->> 'type' AS channel, initiator ->> 'type' AS author
    FROM conversation_items
    WHERE content ->> 'content' IS NOT NULL AND conversationid IS NOT NULL
),
asked AS (
    SELECT conversationid, min(sent) AS sent, arg_min(channel, sent) AS channel
    FROM messages
    WHERE author = 'CUSTOMER'
    GROUP BY conversationid
),
answered AS (
    SELECT asked.conversationid, asked.channel, min(messages.sent) - asked.sent AS wait
    FROM asked
    JOIN messages
        ON messages.conversationid = asked.conversationid AND author = 'AGENT' AND messages.sent > asked.sent
    GROUP BY asked.conversationid, asked.channel, asked.sent
)
SELECT
    channel,
    to_seconds(median(epoch(wait))) AS median,
    to_seconds(quantile_cont(epoch(wait), 0.9)) AS "90th percentile",
    count(wait) AS conversations
FROM answered
GROUP BY channel
ORDER BY median(epoch(wait));

-- Which inbox replies fastest? Time to the first reply, or to an answered call
WITH replies AS (
    SELECT conversationid, min(coalesce((content ->> 'answeredAt')::TIMESTAMP, "timestamp")) AS sent
    FROM conversation_items
    WHERE
        (content ->> 'answeredAt') IS NOT NULL
        OR ((content ->> 'content') IS NOT NULL AND (initiator ->> 'type') = 'AGENT')
    GROUP BY conversationid
),
waits AS (
    SELECT
        inbox_id_created AS inboxid,
        epoch(replies.sent - created_at) AS seconds,
        inbox_id_current != inbox_id_created AS moved
    FROM conversation_export_report
    JOIN replies ON replies.conversationid = conversation_id
    -- The first reply may be missing for conversations that began before the oldest file.
    WHERE
        upper(initiator_type_created) = 'CUSTOMER'
        AND created_at >= (SELECT min((parameters ->> 'startAt')::TIMESTAMP) FROM jobs)
)
SELECT
    inboxes.name AS inbox,
    to_seconds(median(seconds)) AS median,
    to_seconds(quantile_cont(seconds, 0.9)) AS "90th percentile",
    count(*) AS conversations,
    count(*) FILTER (moved) AS "moved since"
FROM waits
JOIN inboxes ON inboxes.id = inboxid
GROUP BY inbox
ORDER BY median(seconds);

-- What do customers ask about? The five most frequent topics
WITH added AS (
    SELECT conversationid, "timestamp" AS changed, unnest((content -> 'addedTopicIds')::VARCHAR[]) AS topicid
    FROM conversation_items
),
removed AS (
    SELECT conversationid, "timestamp" AS changed, unnest((content -> 'removedTopicIds')::VARCHAR[]) AS topicid
    FROM conversation_items
),
tagged AS (
    SELECT conversationid, topicid
    FROM added
    LEFT JOIN removed USING (conversationid, topicid)
    GROUP BY conversationid, topicid
    HAVING max(removed.changed) IS NULL OR max(added.changed) > max(removed.changed)
),
states AS (
    SELECT conversationid, arg_max(content ->> 'status', "timestamp") AS status
    FROM conversation_items
    WHERE content ->> 'type' = 'CONVERSATION_STATUS_CHANGE'
    GROUP BY conversationid
)
SELECT
    coalesce(parents.name || ' > ', '') || topics.name AS topic,
    count(*) AS conversations,
    count(*) FILTER (status = 'CLOSED') AS closed,
    conversations - closed AS "open"
FROM tagged
JOIN topics ON topics.id = topicid
LEFT JOIN topics AS parents ON parents.id = topics.parentid
LEFT JOIN states USING (conversationid)
GROUP BY topic
ORDER BY conversations DESC, topic
LIMIT 5;
