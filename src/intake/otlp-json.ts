// JSON from outside → the same, if it has the skeleton of an OTLP export request of its signal and no endless nesting.
import type { Json } from "../model/fact.ts";
import { asObject, type JsonObject } from "./json.ts";
import { OTLP_DEPTH_MAX } from "./otlp-limits.ts";
import type { OtlpSignal } from "./otlp-server.ts";

/** The lists that lie in one another; an absent one is an empty one. */
const LISTS: Record<OtlpSignal, readonly string[]> = {
	traces: ["resourceSpans", "scopeSpans", "spans"],
	metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
	logs: ["resourceLogs", "scopeLogs", "logRecords"],
};
export function readOtlpJson(signal: OtlpSignal, text: string): JsonObject | undefined {
	let value: Json;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const request = asObject(value);
	if (request === undefined || !hasLists(request, LISTS[signal])) return undefined;
	// A request of another signal, or of something else altogether.
	if (Object.keys(request).length > 0 && !Object.hasOwn(request, LISTS[signal][0] ?? "")) return undefined;
	return isShallow(request, OTLP_DEPTH_MAX) ? request : undefined;
}

function hasLists(holder: JsonObject, [name, ...deeper]: readonly string[]): boolean {
	if (name === undefined) return true;
	const list = holder[name];
	if (list === undefined || list === null) return true;
	if (!Array.isArray(list)) return false;
	return list.every((item) => {
		const object = asObject(item);
		return object !== undefined && hasLists(object, deeper);
	});
}

/** Those who walk it later do so by recursion. A list counts only in another list, so that both formats have one limit. */
function isShallow(value: Json | JsonObject | undefined, left: number): boolean {
	if (typeof value !== "object" || value === null) return true;
	if (left === 0) return false;
	if (Array.isArray(value)) {
		for (const item of value) if (!isShallow(item, left - 1)) return false;
		return true;
	}
	for (const key in value) {
		const item = value[key];
		if (typeof item === "object" && !isShallow(item, Array.isArray(item) ? left : left - 1)) return false;
	}
	return true;
}
