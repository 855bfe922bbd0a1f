// A trace as a tree. In: spans in any order. Out: stable text for golden files, and checks that every trace must pass.

import type { AttributeValue, Span } from "./otlp-plain.ts";

export type SpanNode = { span: Span; children: SpanNode[] };

/** Roots are spans without a parent, and spans whose parent is one of `knownParents` (an inbound TRACEPARENT). */
export function buildTree(spans: Span[], knownParents: string[] = []): SpanNode[] {
	const nodes = new Map(spans.map((span) => [span.spanId, { span, children: [] as SpanNode[] }]));
	const roots: SpanNode[] = [];
	for (const node of nodes.values()) {
		const parent = nodes.get(node.span.parentSpanId);
		if (parent !== undefined) parent.children.push(node);
		else if (node.span.parentSpanId === "" || knownParents.includes(node.span.parentSpanId)) roots.push(node);
		else throw new Error(`orphan: ${node.span.name} ${node.span.spanId} has no parent ${node.span.parentSpanId}`);
	}
	for (const { children } of nodes.values()) children.sort(byStart);
	return roots.toSorted(byStart);
}

export type PrintOptions = {
	/** Attributes to print, in this order; a span without one leaves it out. */
	attributes?: string[];
	/** Prints siblings in order of name and attributes, where their times are a race. */
	sorted?: boolean;
};

/** One line per span, two blanks per level: `execute_tool Bash [ERROR] tool.status=error`. */
export function printTree(roots: SpanNode[], options: PrintOptions = {}): string {
	const print = (node: SpanNode, indent: string): string => {
		const line = `${indent}${describe(node.span, options.attributes ?? [])}\n`;
		const children = node.children.map((child) => print(child, `${indent}  `));
		return line + (options.sorted ? children.toSorted() : children).join("");
	};
	return roots.map((root) => print(root, "")).join("");
}

function describe(span: Span, names: string[]): string {
	const status = span.status.code === "ERROR" ? [`[ERROR ${span.status.message}]`] : [];
	const chosen = names
		.filter((name) => Object.hasOwn(span.attributes, name))
		.map((name) => `${name}=${show(span.attributes[name] ?? null)}`);
	return [span.name, ...status, ...chosen].join(" ");
}

function show(value: AttributeValue): string {
	return typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
}

/** Of those that start together, what lasts longer holds the others. */
function byStart(a: SpanNode, b: SpanNode): number {
	if (a.span.startTime !== b.span.startTime) return a.span.startTime < b.span.startTime ? -1 : 1;
	if (a.span.endTime !== b.span.endTime) return a.span.endTime > b.span.endTime ? -1 : 1;
	return a.span.spanId < b.span.spanId ? -1 : 1;
}

/** Throws, and names every fault, unless each span has its parent, its own id, and an end not before its start. */
export function assertSoundTrace(spans: Span[], knownParents: string[] = []): void {
	const faults = [
		...orphans(spans, knownParents).map((span) => `orphan ${span.name}: no parent ${span.parentSpanId}`),
		...doubled(spans).map((id) => `span id ${id} stands ${spans.filter((span) => span.spanId === id).length} times`),
		...spans.filter((span) => span.endTime < span.startTime).map((span) => `${span.name} ends before it starts`),
		...spans
			.filter((span) => !/^[0-9a-f]{16}$/.test(span.spanId))
			.map((span) => `${span.name}: span id ${span.spanId}`),
		...spans
			.filter((span) => crossesTraces(span, spans))
			.map((span) => `${span.name} is in another trace than its parent`),
	];
	if (faults.length > 0) throw new Error(`The trace is not sound:\n${faults.join("\n")}`);
}

export function orphans(spans: Span[], knownParents: string[] = []): Span[] {
	const ids = new Set([...spans.map((span) => span.spanId), ...knownParents, ""]);
	return spans.filter((span) => !ids.has(span.parentSpanId));
}

function doubled(spans: Span[]): string[] {
	const ids = spans.map((span) => span.spanId);
	return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
}

function crossesTraces(span: Span, spans: Span[]): boolean {
	const parent = spans.find((candidate) => candidate.spanId === span.parentSpanId);
	return parent !== undefined && parent.traceId !== span.traceId;
}
