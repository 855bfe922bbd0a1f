#!/bin/sh
# A back end by its preset: the name and the key are enough. HONEYCOMB_API_ENDPOINT names another region.
set -eu

export CLAUDE_OTEL_BACKEND=honeycomb
: "${HONEYCOMB_API_KEY:?set it to an ingest key}"
export CLAUDE_OTEL_TRACE_URL="https://ui.honeycomb.io/TEAM/environments/ENV/trace?trace_id={trace_id}"

exec claude-otel --summary -p "${1:-What does this project do?}"
