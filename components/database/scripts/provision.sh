#!/bin/sh
# Makes roles and databases of a server that the cloud runs, or brings them up to date.
#
# databases     beside this script: one "database owner" per line
# /credentials  a folder per owner, with the owner's password
set -eu
cd "$(dirname "$0")"

until pg_isready --quiet; do
  echo "waiting for $PGHOST"
  sleep 5
done

while read -r database owner; do
  OWNER_PASSWORD=$(cat "${CREDENTIALS:-/credentials}/$owner/password")
  export OWNER_PASSWORD
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=database="$database" --set=owner="$owner" --file=provision.sql \
    </dev/null
  echo "database $database of role $owner is there"
done <databases
