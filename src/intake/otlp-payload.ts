// One OTLP request of Claude Code's own telemetry → the facts that it proves. Records and points of other scopes, and
// names that are not known, become nothing. A record that is sent twice counts once.
import type { Json, RawFact } from "../model/fact.ts";
import { asArray, asObject, asString, type JsonObject } from "./json.ts";
import { readNativeEvent } from "./native-event.ts";
import { createMetricReader } from "./native-metrics.ts";
import { attributesOf, millisOf } from "./otlp-attributes.ts";

/** What a door hands over: the OTLP/JSON shape, whatever came over the wire. */
export interface OtlpPayload {
	signal: "traces" | "metrics" | "logs";
	json: JsonObject;
}

/** All scopes of Claude Code's own begin so. */
const SCOPE = "com.anthropic.claude_code";
/** Records of a run that are remembered, to know one that is sent again. */
const REMEMBERED_MAX = 10_000;

export function createOtlpReader(): (payload: OtlpPayload) => RawFact[] {
	const seen = new Set<string>();
	const readMetrics = createMetricReader();

	function isNew(key: string): boolean {
		if (seen.has(key)) return false;
		seen.add(key);
		if (seen.size > REMEMBERED_MAX) seen.delete(seen.values().next().value as string);
		return true;
	}

	/** @param version of Claude Code, which its scopes have */
	function readRecord(record: JsonObject, version: string | undefined): RawFact[] {
		const attributes = attributesOf(record.attributes);
		const sessionId = asString(attributes["session.id"]);
		const at = millisOf(record.timeUnixNano) ?? millisOf(record.observedTimeUnixNano);
		if (sessionId === undefined || at === undefined) return [];
		const sequence = attributes["event.sequence"];
		if (sequence !== undefined && !isNew(`${sessionId}:${String(sequence)}:${at}`)) return [];
		return readNativeEvent(attributes, sessionId, at, version);
	}

	return ({ signal, json }) => {
		if (signal === "logs") {
			return scopesOf(json.resourceLogs, "scopeLogs").flatMap(({ scope, logRecords }) => {
				const version = asString(asObject(scope)?.version);
				return asArray(logRecords).flatMap((record) => readRecord(asObject(record) ?? {}, version));
			});
		}
		if (signal !== "metrics") return [];
		const scopes = scopesOf(json.resourceMetrics, "scopeMetrics");
		return readMetrics(scopes.flatMap((scope) => asArray(scope.metrics).map((metric) => asObject(metric) ?? {})));
	};
}

function scopesOf(resources: Json | undefined, key: string): JsonObject[] {
	return asArray(resources).flatMap((resource) =>
		asArray(asObject(resource)?.[key]).flatMap((entry) => {
			const scope = asObject(entry);
			const name = asString(asObject(scope?.scope)?.name);
			return scope !== undefined && name?.startsWith(SCOPE) ? [scope] : [];
		}),
	);
}
