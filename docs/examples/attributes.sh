#!/bin/sh
# What a session was for, on its telemetry. Team and project are on every span, metric and record; attributes of your own are on
# spans of sessions and turns and on records, never on metrics, where each value would be a series.
set -eu

export CLAUDE_OTEL_TEAM="${CLAUDE_OTEL_TEAM:-shop}"
export CLAUDE_OTEL_PROJECT="${CLAUDE_OTEL_PROJECT:-checkout}"
export CLAUDE_OTEL_ATTRIBUTES="release=${RELEASE:-none},reason=nightly%20review"
export OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=ci"

exec claude-otel -p "${1:-Review the change.}"
