-- Leads, as ManyChat and HubSpot bring them. Source: DB-3, FLOW-MC2HS-1, FLOW-HSSYNC-1, OBS-DASH-7.

CREATE TABLE IF NOT EXISTS leads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    full_name text,
    phone text,
    source text NOT NULL DEFAULT 'manychat',
    manychat_id text UNIQUE,
    hubspot_id text UNIQUE,
    product_interest text,
    score integer NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    priority text NOT NULL DEFAULT 'low' CHECK (priority IN ('low', 'medium', 'high')),
    lifecycle_stage text NOT NULL DEFAULT 'lead',
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- an upsert by e-mail must not depend on its spelling
CREATE UNIQUE INDEX IF NOT EXISTS leads_email_key ON leads (lower(email));
CREATE INDEX IF NOT EXISTS idx_leads_created_at ON leads (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_leads_priority_created ON leads (priority, created_at DESC);
