#!/bin/sh
# One prompt, exported to a collector. Where the collector is comes from the environment; without any setting it is
# http://localhost:4317. The exit code is claude's.
set -eu

export OTEL_SERVICE_NAME="${OTEL_SERVICE_NAME:-docs-check}"

exec claude-otel --summary -p "${1:-What does this project do?}"
