-- Meetings that the scheduler flow arranged. Source: DB-6, FLOW-MEET-1..5.

CREATE TABLE IF NOT EXISTS meetings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    calendar_event_id text NOT NULL UNIQUE,
    ical_uid text NOT NULL UNIQUE,
    organizer_email text NOT NULL,
    subject text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'cancelled', 'done')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (ends_at > starts_at)
);

-- conflicts and duplicates are looked for by organizer and time
CREATE INDEX IF NOT EXISTS idx_meetings_organizer_starts ON meetings (lower(organizer_email), starts_at);

CREATE TABLE IF NOT EXISTS meeting_attendees (
    meeting_id bigint NOT NULL REFERENCES meetings (id) ON DELETE CASCADE,
    email text NOT NULL,
    response text NOT NULL DEFAULT 'invited' CHECK (response IN ('invited', 'accepted', 'declined', 'tentative')),
    PRIMARY KEY (meeting_id, email)
);

CREATE TABLE IF NOT EXISTS meeting_reminders (
    meeting_id bigint NOT NULL REFERENCES meetings (id) ON DELETE CASCADE,
    remind_at timestamptz NOT NULL,
    sent_at timestamptz,
    PRIMARY KEY (meeting_id, remind_at)
);

CREATE INDEX IF NOT EXISTS idx_meeting_reminders_due ON meeting_reminders (remind_at) WHERE sent_at IS NULL;
