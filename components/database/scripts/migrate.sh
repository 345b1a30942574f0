#!/bin/sh
# Brings a database's schema up to date: runs the files in /migrations that it has not seen, in the order of their
# names, each in a transaction of its own. A lock keeps a second run waiting. A file that was changed after it ran is an
# error: what it made is there already, so a change belongs into a new file.
set -eu

until pg_isready --quiet; do
  echo "waiting for $PGHOST"
  sleep 5
done

{
  cat <<'SQL'
SELECT pg_advisory_lock(hashtext('schema_migrations')) \g /dev/null
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
SQL
  for file in "${MIGRATIONS:-/migrations}"/*.sql; do
    cat <<SQL
\\set file '$file'
\\set name '$(basename "$file")'
\\set checksum '$(sha256sum "$file" | cut -d ' ' -f 1)'
SQL
    cat <<'SQL'
SELECT count(*) = 0 AS pending, coalesce(bool_or(checksum <> :'checksum'), false) AS changed
FROM schema_migrations WHERE name = :'name' \gset
\if :changed
  \warn :name 'was changed after it ran; put the change into a new file'
  DO $$ BEGIN RAISE EXCEPTION 'a migration was changed after it ran'; END $$;
\endif
\if :pending
  BEGIN;
  \o /dev/null
  \include :file
  \o
  INSERT INTO schema_migrations (name, checksum) VALUES (:'name', :'checksum');
  COMMIT;
  \echo 'applied' :name
\endif
SQL
  done
} | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1
echo "the schema is up to date"
