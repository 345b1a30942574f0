-- Payments of Stripe; amounts in the smallest unit of the currency, as Stripe gives them.
-- Source: DB-4, FLOW-STRIPE-2, FLOW-STRREC-1.

CREATE TABLE IF NOT EXISTS payments (
    payment_id text PRIMARY KEY,
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    status text NOT NULL,
    customer_id text,
    customer_email text,
    description text,
    metadata jsonb NOT NULL DEFAULT '{}',
    -- when a run compared it with Stripe's own books, and what came of it
    reconciled_at timestamptz,
    reconciliation text CHECK (reconciliation IN ('matched', 'differs', 'missing')),
    paid_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_payments_paid_at ON payments (paid_at DESC);
CREATE INDEX IF NOT EXISTS idx_payments_customer_email ON payments (lower(customer_email));
CREATE INDEX IF NOT EXISTS idx_payments_unreconciled ON payments (paid_at) WHERE reconciled_at IS NULL;
