// Spans in any order → their tree, its text, and an error that names every fault of it.

export interface TreeSpan {
	name: string;
	traceId: string;
	spanId: string;
	parentSpanId?: string;
	/** Milliseconds since the epoch. */
	start: number;
	end: number;
	attributes: Readonly<Record<string, unknown>>;
	status: string;
	statusMessage?: string;
}

export interface SpanNode<S extends TreeSpan = TreeSpan> {
	span: S;
	/** In order of their starts. */
	children: SpanNode<S>[];
}

export interface PrintOptions {
	/** Attributes to print behind the name, in this order, where a span has them. */
	attributes?: readonly string[];
	/** Siblings in the order of their lines, where their times are a race. */
	sorted?: boolean;
}

/** The roots: spans without a parent among the others. */
export function spanTree<S extends TreeSpan>(spans: readonly S[]): SpanNode<S>[] {
	const nodes = new Map(spans.map((span): [string, SpanNode<S>] => [span.spanId, { span, children: [] }]));
	const roots: SpanNode<S>[] = [];
	for (const node of nodes.values()) {
		const parent = nodes.get(node.span.parentSpanId ?? "");
		(parent?.children ?? roots).push(node);
	}
	const byStart = (a: SpanNode<S>, b: SpanNode<S>) =>
		a.span.start - b.span.start || (a.span.spanId < b.span.spanId ? -1 : 1);
	for (const { children } of nodes.values()) children.sort(byStart);
	return roots.toSorted(byStart);
}

/** One line for each span, two blanks for each level: `execute_tool Bash [error command_failed] tool.status=error`. */
export function printSpanTree(
	spans: readonly TreeSpan[],
	{ attributes = [], sorted = false }: PrintOptions = {},
): string {
	const print = (node: SpanNode, indent: string): string => {
		const children = node.children.map((child) => print(child, `${indent}  `));
		return `${indent}${lineOf(node.span, attributes)}\n${(sorted ? children.toSorted() : children).join("")}`;
	};
	return spanTree(spans)
		.map((root) => print(root, ""))
		.join("");
}

/** @param expected as `printSpanTree` prints it; indentation that all lines share, tabs and outer blank lines do not count */
export function assertSpanTree(spans: readonly TreeSpan[], expected: string, options?: PrintOptions): void {
	assertSoundSpans(spans);
	const actual = printSpanTree(spans, options);
	const wanted = unindented(expected);
	if (actual !== wanted) throw new Error(`The span tree is\n\n${actual}\nbut was expected to be\n\n${wanted}`);
}

/** Every span has its own id, a parent that is there (but the roots), that parent's trace, and an end not before its start. */
export function assertSoundSpans(spans: readonly TreeSpan[], knownParents: readonly string[] = []): void {
	const byId = new Map(spans.map((span) => [span.spanId, span]));
	const faults = spans.flatMap((span) => {
		const parent = byId.get(span.parentSpanId ?? "");
		const orphan = span.parentSpanId !== undefined && parent === undefined && !knownParents.includes(span.parentSpanId);
		return [
			...(orphan ? [`${span.name}: its parent ${span.parentSpanId} is not there`] : []),
			...(parent !== undefined && parent.traceId !== span.traceId ? [`${span.name}: not in its parent's trace`] : []),
			...(span.end < span.start ? [`${span.name}: ends before it starts`] : []),
		];
	});
	if (byId.size < spans.length) faults.push(`${spans.length - byId.size} spans have an id that another has`);
	if (faults.length > 0) throw new Error(`The trace is not sound:\n${faults.join("\n")}`);
}

function lineOf({ name, status, statusMessage, attributes }: TreeSpan, names: readonly string[]): string {
	const failed = status === "error" ? [`[error${statusMessage ? ` ${statusMessage}` : ""}]`] : [];
	const chosen = names.flatMap((key) => {
		const value = attributes[key];
		if (value === undefined) return [];
		return [`${key}=${typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value)}`];
	});
	return [name, ...failed, ...chosen].join(" ");
}

function unindented(text: string): string {
	const lines = text.split("\n").filter((line) => line.trim() !== "");
	const outer = Math.min(...lines.map((line) => line.length - line.trimStart().length));
	return lines.map((line) => `${line.slice(outer).replaceAll("\t", "  ").trimEnd()}\n`).join("");
}
