-- What ETL runs know of earlier ones. Source: DB-3, FLOW-ETL-2..6, FLOW-KPIM-1.

-- volumes of earlier runs (anomalies), throughput, checksums and lineage
CREATE TABLE IF NOT EXISTS etl_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline text NOT NULL,
    run_id text NOT NULL,
    status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'success', 'failed', 'skipped')),
    dry_run boolean NOT NULL DEFAULT false,
    rows_in bigint CHECK (rows_in >= 0),
    rows_out bigint CHECK (rows_out >= 0),
    null_rate double precision CHECK (null_rate BETWEEN 0 AND 1),
    rows_per_sec double precision,
    ms_per_1k_rows double precision,
    checksum text,
    lineage jsonb NOT NULL DEFAULT '{}',
    error text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (pipeline, run_id)
);

CREATE INDEX IF NOT EXISTS idx_etl_runs_pipeline_started ON etl_runs (pipeline, started_at DESC);

-- what was done already and must not be done twice, until it expires
CREATE TABLE IF NOT EXISTS idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    result jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE INDEX IF NOT EXISTS idx_idempotency_keys_expires_at ON idempotency_keys (expires_at);
