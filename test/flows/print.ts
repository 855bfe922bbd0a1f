// What was exported → the text of a golden: the tree with times in milliseconds since the run's start, the records in
// order of time, the points in order of name. What follows from other values is checked here instead of printed.
import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Exported } from "../signals/in-memory.ts";

/** Attributes that say again what the line, its parent or another attribute says. */
const KNOWN = new Set([
	"session.id",
	"gen_ai.conversation.id",
	"gen_ai.operation.name",
	"gen_ai.provider.name",
	"gen_ai.system",
	"gen_ai.agent.name",
	"gen_ai.request.model",
	"gen_ai.tool.name",
	"gen_ai.tool.call.id",
	"tool.name",
	"tool.error",
	"event.name",
	"session.duration_ms",
]);
/** Values that are not printed, so that what is special meets the eye. Their absence would be printed. */
const USUAL: Attributes = {
	"claude.cost_basis": "list",
	error: false,
	"input.truncated": false,
	interrupted: false,
	permission_mode: "bypassPermissions",
	"process.working_directory": "/home/dev/project",
	query_source: "main",
	"request.attempts": 1,
	"request.retry_ms": 0,
	"response.truncated": false,
	timeout: false,
	"tokens.source": "transcript",
	"tool.decision": "accept",
	"tool.decision_source": "config",
	"turn.prompts": 1,
	"turn.synthetic": false,
};
const ON_KINDS: Record<string, readonly string[]> = {
	chat: ["claude.cost_basis", "query_source", "request.attempts", "request.retry_ms", "tokens.source"],
	execute_tool: ["error", "interrupted", "timeout"],
	"invoke_agent claude-code": ["process.working_directory", "turn.prompts", "turn.synthetic"],
};
const TOKENS = /^(?:tokens\.(?!source)|gen_ai\.usage\.)/;

export function printSpans(spans: readonly ReadableSpan[], startedAt: number): string {
	const ids = new Set(spans.map((span) => span.spanContext().spanId));
	const print = (span: ReadableSpan, indent: string): string => {
		const children = spans.filter((child) => child.parentSpanContext?.spanId === span.spanContext().spanId);
		const below = children.toSorted(byStart).map((child) => print(child, `${indent}  `));
		return `${indent}${describeSpan(span, startedAt)}\n${below.join("")}`;
	};
	const roots = spans.filter((span) => !ids.has(span.parentSpanContext?.spanId ?? ""));
	return roots
		.toSorted(byStart)
		.map((root) => print(root, ""))
		.join("");
}

function describeSpan(span: ReadableSpan, startedAt: number): string {
	const { attributes, events, links, name, status } = span;
	const promptId = name === "invoke_agent claude-code" ? {} : { "prompt.id": undefined };
	const asAsked = attributes["gen_ai.response.model"] === attributes["gen_ai.request.model"];
	const responseModel = asAsked ? { "gen_ai.response.model": undefined } : {};
	return [
		name,
		`${millis(span.startTime) - startedAt}..${millis(span.endTime) - startedAt}`,
		...(status.code === 2 ? [`ERROR(${status.message})`] : []),
		...(links.length > 0 ? ["linked"] : []),
		...tokens(attributes),
		...plain({ ...attributes, ...promptId, ...responseModel }),
		...missing(name, attributes),
		...events.map(
			(event) => `[${[event.name, ...tokens(event.attributes ?? {}), ...plain(event.attributes ?? {})].join(" ")}]`,
		),
	].join(" ");
}

/** `11+7+1007>23`: uncached input + written to the cache + read from it > output; `lost` for attempts that were cut. */
function tokens(attributes: Attributes): string[] {
	const number = (name: string) => Number(attributes[name] ?? 0);
	if (attributes["tokens.total"] === undefined) return [];
	const [input, output] = [number("tokens.input"), number("tokens.output")];
	const [read, written] = [number("tokens.cache_read"), number("tokens.cache_creation")];
	const [in5m, in1h] = [number("tokens.cache_creation_5m"), number("tokens.cache_creation_1h")];
	agree(written, in5m + in1h, "tokens.cache_creation");
	agree(number("tokens.total"), input + output + read + written, "tokens.total");
	if (attributes["gen_ai.usage.input_tokens"] !== undefined) {
		agree(number("gen_ai.usage.input_tokens"), input + read + written, "gen_ai.usage.input_tokens");
		agree(number("gen_ai.usage.output_tokens"), output, "gen_ai.usage.output_tokens");
		agree(number("gen_ai.usage.cache_read.input_tokens"), read, "gen_ai.usage.cache_read.input_tokens");
		agree(number("gen_ai.usage.cache_creation.input_tokens"), written, "gen_ai.usage.cache_creation.input_tokens");
	}
	const lost = ["input", "cache_creation", "cache_read", "output"].map((part) => attributes[`tokens.lost.${part}`]);
	const told = `tokens=${input}+${in5m}/5m+${in1h}/1h+${read}r>${output}`;
	return lost[0] === undefined ? [told] : [told, `lost=${lost[0]}+${lost[1]}+${lost[2]}r>${lost[3]}`];
}

export function printRecords({ records, spans }: Pick<Exported, "records" | "spans">, startedAt: number): string {
	const named = new Map(spans.map((span) => [span.spanContext().spanId, span]));
	const lines = records.map((record) => {
		const span = named.get(record.spanContext?.spanId ?? "");
		const at = millis(record.hrTime);
		agree(record.eventName, record.attributes["event.name"], "event.name");
		// Of what stands on the record's span, the record prints nothing.
		const attributes = record.attributes as Attributes;
		const own = Object.entries(attributes).filter(
			([name, value]) => JSON.stringify(span?.attributes[name]) !== JSON.stringify(value),
		);
		const [uid, prompt] = ["log.record.uid", "prompt.id"].map((name) => attributes[name]);
		const hidden = {
			"log.record.uid": undefined,
			"prompt.id": prompt === span?.attributes["prompt.id"] ? undefined : prompt,
		};
		const text = [
			`${at - startedAt}`,
			record.eventName,
			...(record.severityText === "INFO" ? [] : [record.severityText]),
			`in ${span?.name ?? "no span"}`,
			...tokens(Object.fromEntries(own)),
			...plain({ ...Object.fromEntries(own), ...hidden }),
		].join(" ");
		return { at, uid: String(uid), text };
	});
	return lines
		.toSorted((a, b) => a.at - b.at || (a.uid < b.uid ? -1 : 1))
		.map(({ text }) => `${text}\n`)
		.join("");
}

export function printPoints(points: Exported["points"]): string {
	const flying = points.filter(({ name, value }) => name === "claude.tools_in_flight" && value !== 0);
	agree(flying.length, 0, "number of tools in flight at the end");
	const told = points.filter(({ name }) => name !== "claude.tools_in_flight");
	const lines = told.map(({ name, attributes, value, count }) => {
		const measured = count === undefined ? rounded(value) : `count=${count} sum=${rounded(value)}`;
		return `${name}{${Object.entries(attributes)
			.toSorted()
			.filter(([, text]) => text !== "claude-opus-5-5" && text !== "chat")
			.map(([key, text]) => `${key}=${String(text)}`)
			.join(", ")}} ${measured}\n`;
	});
	return lines.toSorted().join("");
}

function missing(spanName: string, attributes: Attributes): string[] {
	const kind = Object.keys(ON_KINDS).find((begin) => spanName.startsWith(begin)) ?? "";
	return (ON_KINDS[kind] ?? []).filter((name) => attributes[name] === undefined).map((name) => `no:${name}`);
}

/** Span ids with their names, and the totals of the sessions. */
export function printTotals(spans: readonly ReadableSpan[]): string {
	const lines = spans.map((span) => {
		const totals = span.name === "claude.session" ? ` ${tokens(span.attributes).join(" ")}` : "";
		return `${span.spanContext().spanId} ${span.name}${totals}\n`;
	});
	return lines.toSorted().join("");
}

/** What became of each span, without the times, which depend on who told them. */
export function printOutcomes(spans: readonly ReadableSpan[]): string {
	const names = ["tool.status", "turn.status", "agent.status", "error.type", "exit_code", "turn.index", "tools_used"];
	const lines = spans.map((span) => {
		const told = names.map((key) => `${key}=${String(span.attributes[key])}`);
		const place = `${span.spanContext().spanId} in ${span.parentSpanContext?.spanId}`;
		return `${place} ${[span.name, ...told, ...tokens(span.attributes)].join(" ")}\n`;
	});
	return lines.toSorted().join("");
}

/** What spans and records of the second have that those of the first have not, or otherwise. */
export function printAdded(first: Exported, second: Exported): string {
	const spans = new Map(first.spans.map((span) => [span.spanContext().spanId, span.attributes]));
	const ofSpans = second.spans.map((span) => ({
		what: span.name,
		at: millis(span.startTime),
		added: added(spans.get(span.spanContext().spanId) ?? {}, span.attributes),
	}));
	const records = new Map(
		first.records.map(({ attributes }) => [attributes["log.record.uid"], attributes as Attributes]),
	);
	const ofRecords = second.records.map((record) => ({
		what: `record ${record.eventName}`,
		at: millis(record.hrTime),
		added: added(records.get(record.attributes["log.record.uid"]) ?? {}, record.attributes as Attributes),
	}));
	return [...ofSpans.toSorted((a, b) => a.at - b.at), ...ofRecords.toSorted((a, b) => a.at - b.at)]
		.filter(({ added: lines }) => lines.length > 0)
		.map(({ what, added: lines }) => `${what}\n${lines.map((line) => `  ${line}\n`).join("")}`)
		.join("");
}

function added(before: Attributes, after: Attributes): string[] {
	agree(
		Object.keys(before).filter((name) => after[name] === undefined).length,
		0,
		"number of attributes that are gone",
	);
	return Object.entries(after)
		.filter(([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value))
		.map(([name, value]) => `${name}=${show(value as AttributeValue)}`);
}

function plain(attributes: Attributes): string[] {
	return Object.entries(attributes)
		.filter(([name, value]) => value !== undefined && !KNOWN.has(name) && !TOKENS.test(name) && value !== USUAL[name])
		.map(([name, value]) => `${name}=${show(value as AttributeValue)}`);
}

function show(value: AttributeValue): string {
	if (typeof value === "string" && /^[^\s"]+$/.test(value)) return value;
	return typeof value === "number" ? rounded(value) : JSON.stringify(value);
}

function rounded(value: number): string {
	return String(Number(value.toPrecision(12)));
}

function agree(told: unknown, expected: unknown, name: string): void {
	if (told !== expected) throw new Error(`${name} is ${String(told)}, and ought to be ${String(expected)}`);
}

export function millis([seconds, nanos]: readonly [number, number] | [number, number]): number {
	return seconds * 1000 + nanos / 1e6;
}

function byStart(a: ReadableSpan, b: ReadableSpan): number {
	return millis(a.startTime) - millis(b.startTime) || (a.spanContext().spanId < b.spanContext().spanId ? -1 : 1);
}
