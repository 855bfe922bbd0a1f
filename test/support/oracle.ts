// What the scripted model answered, against what claude-otel exported. In: requests of the model and spans. Out: an error
// that names every difference, or nothing. Neither side of the comparison is made by the other.

import type { ScriptedRequest } from "../../src/testing/scripted-model.ts";
import { type Asked, askedOf } from "./asked.ts";
import type { Span } from "./otlp-plain.ts";
import { addUp, promptTokens, type Tokens, tokensOf, usageTokens } from "./tokens.ts";
import { assertSoundTrace, buildTree, printTree, type SpanNode } from "./tree.ts";
import { compactionFaults, failureFaults } from "./without-message.ts";

/** Clocks of two processes on a busy machine. */
const SLACK_MS = 5_000;

const STATUS = ["tool.status", "turn.status", "agent.status", "error.type", "query_source", "compaction.trigger"];

/** The tree in short: names, and how each thing ended. */
export function outline(spans: Span[], options: { sorted?: boolean; attributes?: string[] } = {}): string {
	const { sorted = false, attributes = STATUS } = options;
	return `\n${printTree(buildTree(spans), { attributes, sorted })}`;
}

/** A tree in a template literal, without the indentation of the test that holds it. */
export function tree(literal: string): string {
	const lines = literal.split("\n").filter((line) => line.trim() !== "");
	const outer = Math.min(...lines.map((line) => line.length - line.trimStart().length));
	return `\n${lines.map((line) => `${line.slice(outer).replaceAll("\t", "  ")}\n`).join("")}`;
}

export type OracleOptions = {
	/** Span ids outside of the trace that may be parents. */
	knownParents?: string[];
	/** Calls without a span (CLAUDE_OTEL_TOOLS_EXCLUDE). */
	excluded?: string[];
	/** By how much the times of two processes may differ, where the machine is busier than usual. */
	slackMs?: number;
	/** Nobody heard claude's own telemetry to its end: of a summary the ledger alone tells, with attempts at it that were cut. */
	unheard?: boolean;
};

/**
 * Holds of every run that ends by itself: one chat span for each answered request, with its ids, tokens, lane and time;
 * one tool span for each tool_use block; and sums that are the sums of their parts and of what was billed.
 */
export function assertTold(spans: Span[], requests: ScriptedRequest[], options: OracleOptions = {}): void {
	const { slackMs = SLACK_MS } = options;
	assertSoundTrace(spans, options.knownParents);
	const roots = buildTree(spans, options.knownParents);
	const laneOf = lanes(roots);
	const faults: string[] = [];
	const expectEqual = (what: string, actual: unknown, expected: unknown) => {
		if (JSON.stringify(actual) !== JSON.stringify(expected)) {
			faults.push(`${what}: exported ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
		}
	};

	const answered = requests.filter((request) => request.outcome === "answered");
	const messages = answered.filter((request) => !request.isCompaction);
	const chats = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "chat");
	const byMessage = new Map(chats.map((span) => [span.attributes["gen_ai.response.id"], span]));
	expectEqual(
		"message ids",
		chats.flatMap((span) => span.attributes["gen_ai.response.id"] ?? []).toSorted(),
		messages.flatMap((request) => request.messageId ?? []).toSorted(),
	);
	for (const request of messages) {
		const chat = byMessage.get(request.messageId ?? "");
		if (chat === undefined) continue;
		const name = `chat of request ${request.at}`;
		const { attributes } = chat;
		expectEqual(`${name}: tokens`, tokensOf(attributes), usageTokens(request.usage));
		expectEqual(`${name}: request.id`, attributes["request.id"], request.requestId);
		expectEqual(`${name}: model`, attributes["gen_ai.request.model"], request.model);
		expectEqual(`${name}: answering model`, attributes["gen_ai.response.model"], request.step.model ?? request.model);
		expectEqual(`${name}: lane`, laneOf.get(chat.spanId), request.lane);
		expectEqual(`${name}: query_source`, attributes.query_source, request.lane === "main" ? "main" : "subagent");
		expectEqual(`${name}: kind`, chat.kind, "CLIENT");
		expectEqual(`${name}: prompt tokens`, attributes["gen_ai.usage.input_tokens"], promptTokens(request.usage));
		expectEqual(`${name}: output tokens`, attributes["gen_ai.usage.output_tokens"], request.usage.output);
		if (millis(chat.startTime) < request.startedAt - slackMs || millis(chat.startTime) > request.endedAt + slackMs) {
			faults.push(`${name} starts at ${millis(chat.startTime)}, the request came at ${request.startedAt}`);
		}
		if (millis(chat.endTime) < request.startedAt || millis(chat.endTime) > request.endedAt + slackMs) {
			faults.push(`${name} ends at ${millis(chat.endTime)}, the answer ended at ${request.endedAt}`);
		}
	}

	const asked = askedOf(requests);
	faults.push(...compactionFaults(spans, asked), ...failureFaults(chats, asked, laneOf));
	for (const { attempts, end, isCompaction } of asked) {
		const chat = byMessage.get(attempts.at(-1)?.messageId ?? "");
		if (chat === undefined || end !== "answered" || isCompaction) continue;
		const name = `attempts of request ${attempts.at(-1)?.at}`;
		expectEqual(name, chat.attributes["request.attempts"] ?? 1, attempts.length);
	}

	const calls = callsOf(asked);
	const told = calls.filter(({ block }) => !options.excluded?.includes(block.name));
	const tools = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "execute_tool");
	const byCall = new Map(tools.map((span) => [span.attributes["tool.use_id"], span]));
	expectEqual(
		"tool use ids",
		tools.map((span) => span.attributes["tool.use_id"]).toSorted(),
		told.map(({ block }) => block.id).toSorted(),
	);
	for (const { block, lane } of told) {
		const span = byCall.get(block.id ?? "");
		if (span === undefined) continue;
		expectEqual(`${block.id}: name`, span.name, `execute_tool ${block.name}`);
		expectEqual(`${block.id}: lane`, laneOf.get(span.spanId), lane);
		const duration = span.attributes.duration_ms;
		if (typeof duration === "number" && duration > millis(span.endTime) - millis(span.startTime) + slackMs) {
			faults.push(`${block.id}: duration_ms ${duration} is longer than its span`);
		}
	}

	const sessions = spans.filter((span) => span.name === "claude.session");
	const counted = addUp(sessions.map((span) => tokensOf(span.attributes)));
	expectEqual("Σ session tokens against Σ chat tokens", counted, addUp(chats.map((span) => tokensOf(span.attributes))));
	const bill = addUp(answered.map(({ usage }) => usageTokens(usage)));
	const cutSummaries = requests.filter(({ isCompaction, outcome }) => isCompaction && outcome === "cut");
	const ledger = addUp([bill, ...cutSummaries.map(({ usage }) => usageTokens(usage))]);
	if (options.unheard !== true || JSON.stringify(counted) !== JSON.stringify(ledger))
		expectEqual("Σ session tokens against the bill", counted, bill);
	const used = sessions.reduce((sum, span) => sum + Number(span.attributes.tools_used), 0);
	expectEqual("tools_used", used, calls.length);
	for (const node of flat(roots)) {
		if (node.span.attributes["gen_ai.operation.name"] !== "invoke_agent") continue;
		const told = tokensOf(node.span.attributes);
		const [least, most] = [tokensBelow(node, false), tokensBelow(node, true)];
		// What a background agent does when its turn is over counts in the turn only if it comes soon.
		if (told.total < least.total || told.total > most.total || least.total === most.total)
			expectEqual(`${node.span.name}: tokens`, told, most);
	}
	if (faults.length > 0) throw new Error(`The export differs from what happened:\n${faults.join("\n")}`);
}

/** Every call that claude got to its end. */
export function callsOf(asked: readonly Asked[]) {
	return asked.flatMap(({ attempts, end, lane }) => {
		const blocks = attempts.at(-1)?.step.blocks ?? [];
		const told = end === "answered" ? blocks : end === "stump" ? blocks.slice(0, 1) : [];
		return told.flatMap((block) => (block.type === "tool_use" ? [{ block, lane }] : []));
	});
}

export function millis(nanos: bigint): number {
	return Number(nanos / 1_000n) / 1_000;
}

/** @param late those of agents, too, that worked on when this was over */
function tokensBelow(node: SpanNode, late: boolean): Tokens {
	const below = (parent: SpanNode): SpanNode[] =>
		parent.children.flatMap((child) => {
			const isAgent = child.span.attributes["gen_ai.agent.id"] !== undefined;
			const outlives = isAgent && child.span.endTime > node.span.endTime;
			return outlives && !late ? [] : [child, ...below(child)];
		});
	const chats = below(node).filter(({ span }) => span.attributes["gen_ai.operation.name"] === "chat");
	return addUp(chats.map(({ span }) => tokensOf(span.attributes)));
}

/** Of each span the agent in whose lane it stands: the nearest one above it, else `main`. */
function lanes(roots: SpanNode[]): Map<string, string> {
	const found = new Map<string, string>();
	const walk = (node: SpanNode, lane: string) => {
		found.set(node.span.spanId, lane);
		const below = node.span.attributes["gen_ai.agent.id"];
		for (const child of node.children) walk(child, typeof below === "string" ? below : lane);
	};
	for (const root of roots) walk(root, "main");
	return found;
}

export function flat(nodes: SpanNode[]): SpanNode[] {
	return nodes.flatMap((node) => [node, ...flat(node.children)]);
}

export function spanNamed(spans: Span[], name: string): Span {
	const found = spans.filter((span) => span.name === name);
	if (found.length !== 1) throw new Error(`${found.length} spans are named ${name}`);
	return found[0] as Span;
}

export function spanOfCall(spans: Span[], call: { id: string }): Span {
	const found = spans.filter(
		(span) => span.attributes["tool.use_id"] === call.id && span.name.startsWith("execute_tool"),
	);
	if (found.length !== 1) throw new Error(`${found.length} spans for the call ${call.id}`);
	return found[0] as Span;
}

export function spanOfRequest(spans: Span[], request: ScriptedRequest | undefined): Span {
	const found = spans.filter((span) => span.attributes["request.id"] === request?.requestId);
	if (found.length !== 1) throw new Error(`${found.length} spans for request ${request?.at}`);
	return found[0] as Span;
}
