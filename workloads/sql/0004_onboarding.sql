-- Onboarding of employees: four tables. Source: DB-5, FLOW-ONBK-1..9.

CREATE SCHEMA IF NOT EXISTS onboarding;

CREATE TABLE IF NOT EXISTS onboarding.employees (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    email text NOT NULL,
    full_name text NOT NULL,
    manager_email text NOT NULL,
    department text,
    role text,
    start_date date NOT NULL,
    hris_id text,
    status text NOT NULL DEFAULT 'started' CHECK (status IN ('started', 'completed', 'partial', 'failed')),
    report jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (lower(email) <> lower(manager_email))
);

CREATE UNIQUE INDEX IF NOT EXISTS employees_email_start_key ON onboarding.employees (lower(email), start_date);

CREATE TABLE IF NOT EXISTS onboarding.actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    employee_id bigint NOT NULL REFERENCES onboarding.employees (id) ON DELETE CASCADE,
    phase smallint NOT NULL CHECK (phase BETWEEN 1 AND 11),
    action text NOT NULL,
    status text NOT NULL CHECK (status IN ('success', 'failed', 'skipped')),
    details jsonb NOT NULL DEFAULT '{}',
    duration_ms integer CHECK (duration_ms >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (employee_id, phase, action)
);

CREATE TABLE IF NOT EXISTS onboarding.accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    employee_id bigint NOT NULL REFERENCES onboarding.employees (id) ON DELETE CASCADE,
    system text NOT NULL,
    account_name text NOT NULL,
    status text NOT NULL DEFAULT 'created' CHECK (status IN ('created', 'exists', 'failed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (employee_id, system)
);

CREATE TABLE IF NOT EXISTS onboarding.follow_up (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    employee_id bigint NOT NULL REFERENCES onboarding.employees (id) ON DELETE CASCADE,
    day smallint NOT NULL CHECK (day > 0),
    task text NOT NULL,
    due_date date NOT NULL,
    done_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (employee_id, day, task)
);

CREATE INDEX IF NOT EXISTS idx_follow_up_open ON onboarding.follow_up (due_date) WHERE done_at IS NULL;
