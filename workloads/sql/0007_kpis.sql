-- KPIs: what the daily run consolidates, and views that dashboards and the KPI applications read.
-- Source: DB-10, FLOW-KPID-1, OBS-DASH-4, OBS-DASH-7, APP-3.

CREATE TABLE IF NOT EXISTS kpi_daily (
    day date NOT NULL,
    metric text NOT NULL,
    value numeric NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, metric)
);

CREATE MATERIALIZED VIEW IF NOT EXISTS kpi_revenue_hourly AS
SELECT
    date_trunc('hour', paid_at) AS hour,
    currency,
    count(*) AS payments,
    sum(amount) AS amount
FROM payments
WHERE status = 'succeeded'
GROUP BY 1, 2;

CREATE MATERIALIZED VIEW IF NOT EXISTS kpi_leads_daily AS
SELECT
    (created_at AT TIME ZONE 'UTC')::date AS day,
    priority,
    count(*) AS leads
FROM leads
GROUP BY 1, 2;

-- leads of a day, and how many of them paid within seven days
CREATE MATERIALIZED VIEW IF NOT EXISTS kpi_conversion_daily AS
SELECT
    (l.created_at AT TIME ZONE 'UTC')::date AS day,
    count(*) AS leads,
    count(*) FILTER (
        WHERE EXISTS (
            SELECT FROM payments AS p
            WHERE lower(p.customer_email) = lower(l.email)
                AND p.status = 'succeeded'
                AND p.paid_at >= l.created_at
                AND p.paid_at < l.created_at + interval '7 days'
        )
    ) AS converted
FROM leads AS l
GROUP BY 1;

-- a refresh that keeps readers going needs a unique index
CREATE UNIQUE INDEX IF NOT EXISTS kpi_revenue_hourly_key ON kpi_revenue_hourly (hour, currency);
CREATE UNIQUE INDEX IF NOT EXISTS kpi_leads_daily_key ON kpi_leads_daily (day, priority);
CREATE UNIQUE INDEX IF NOT EXISTS kpi_conversion_daily_key ON kpi_conversion_daily (day);

CREATE OR REPLACE FUNCTION refresh_kpis() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    REFRESH MATERIALIZED VIEW CONCURRENTLY kpi_revenue_hourly;
    REFRESH MATERIALIZED VIEW CONCURRENTLY kpi_leads_daily;
    REFRESH MATERIALIZED VIEW CONCURRENTLY kpi_conversion_daily;
END
$$;
