# Brings the lifecycle, the index template and the saved searches of the log store up to date; every call may be repeated.
set -eu

call() {
    curl --silent --show-error --fail-with-body --retry 40 --retry-delay 10 --retry-all-errors \
        --user "$USERNAME:$PASSWORD" --cacert /authority/ca.crt "$@"
}

put() {
    call --request PUT --header "Content-Type: application/json" --data "@/setup/$2" "$ELASTICSEARCH/$1"
}

put "_ilm/policy/$LOGS" lifecycle.json
put "_index_template/$LOGS" template.json
call --request POST --header "kbn-xsrf: setup" --form "file=@/setup/searches.ndjson" \
    "$KIBANA/api/saved_objects/_import?overwrite=true"
