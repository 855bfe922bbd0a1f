// What the words in the table of sources mean. In: a row, and what two runs with these sources exported. Out: where they
// differ; a word of the page that is not here is a difference, too.

import { expect } from "vitest";
import type { ScriptedRequest } from "../../src/testing/scripted-model.ts";
import { askedOf } from "./asked.ts";
import type { ClientTotal } from "./client-ledger.ts";
import { callsOf, spanNamed } from "./oracle.ts";
import type { LogRecord, Span } from "./otlp-plain.ts";
import type { SourcesRow } from "./sources-table.ts";
import { expectedTree, linesOf, printedTree } from "./sources-tree.ts";
import { addUp, tokensOf, usageTokens } from "./tokens.ts";

export type Told = {
	spans: Span[];
	logs: LogRecord[];
	requests: ScriptedRequest[];
	session: Span;
	client: ClientTotal;
};
/** How long a hook of the user's keeps each Read waiting. */
export const USER_HOOK_MS = 2_000;

export type Seen = { whole: Told; cut: Told };

type Check = (seen: Seen) => void;

/** Every cell that the runs do not bear out. */
export function differencesFrom({ cells }: SourcesRow, seen: Seen): string[] {
	const differences: string[] = [];
	const printed = printedTree(seen.whole.spans);
	const compare = (what: string, check: () => void) => {
		try {
			check();
		} catch (error) {
			differences.push(`${what}: ${error instanceof Error ? error.message : error}`);
		}
	};
	compare("columns", () => expect(Object.keys(cells)).toEqual(Object.keys(MEANING)));
	for (const [column, cell] of Object.entries(cells)) {
		const check = MEANING[column]?.[cell];
		if (check === undefined) differences.push(`${column}: nobody knows what "${cell}" means`);
		else compare(`${column}, ${cell}`, () => check(seen));
	}
	compare("spans", () => expect(linesOf(printed)).toEqual(linesOf(expectedTree(cells))));
	if (cells.agents === WITH_CALL) compare("tree", () => expect(printed).toBe(expectedTree(cells)));
	return differences;
}

const WITH_CALL = "below their call";

const MEANING: Record<string, Record<string, Check>> = {
	requests: {
		all: ({ whole, cut }) => {
			[whole, cut].forEach(assertRequests);
			expect(thresholdsOf(whole)).toEqual([0.7, 0.85]);
		},
		none: ({ whole }) => expect(chatsOf(whole)).toEqual([]),
	},
	attempts: {
		counted: ({ whole }) => {
			const counts = answersOf(whole).map(({ attributes }) => attributes["request.attempts"]);
			expect(counts.toSorted()).toEqual([...counts.slice(1).map(() => 1), 2]);
		},
		unknown: ({ whole }) => {
			for (const { attributes } of answersOf(whole)) expect(attributes).not.toHaveProperty("request.attempts");
		},
		none: () => {},
	},
	times: {
		exact: ({ whole }) => expect(valuesOf(whole, "times.source")).toEqual(["native"]),
		"from records": ({ whole }) => expect(valuesOf(whole, "times.source")).toEqual(["transcript"]),
		none: () => {},
	},
	tokens: {
		"as billed": ({ whole, cut }) => {
			for (const { session, requests } of [whole, cut]) {
				const answered = requests.filter(({ outcome }) => outcome === "answered");
				expect(tokensOf(session.attributes)).toEqual(addUp(answered.map(({ usage }) => usageTokens(usage))));
			}
		},
		none: ({ whole }) => expect(whole.session.attributes).not.toHaveProperty("tokens.total"),
	},
	cost: {
		"the client's": (seen) => assertCosts(seen, "native"),
		"list price": (seen) => assertCosts(seen, "list"),
		none: ({ whole }) => expect(whole.session.attributes).not.toHaveProperty("claude.cost_usd"),
	},
	"cut attempts": {
		"tokens and cost": ({ cut }) => {
			const attempts = cut.requests.filter(({ outcome }) => outcome === "cut");
			const tokens = addUp(attempts.map(({ usage }) => usageTokens(usage)));
			const { attributes } = cut.session;
			expect(attributes["tokens.lost.input"]).toBe(tokens.input);
			expect(attributes["tokens.lost.cache_creation"]).toBe(tokens.cacheWrite);
			// The client estimates what had come.
			expect(attributes["tokens.lost.output"]).toBe(cut.client.tokens.output - Number(attributes["tokens.output"]));
			const agents = cut.spans.filter((span) => span.attributes["gen_ai.agent.id"] !== undefined);
			expect(agents.map((span) => span.attributes["tokens.lost.input"])).toEqual([attempts.at(-1)?.usage.input]);
		},
		none: ({ cut }) => expect(cut.session.attributes).not.toHaveProperty("tokens.lost.input"),
	},
	compactions: {
		"with their request": (seen) => assertCompaction(seen, "native"),
		"with the ledger's rest": (seen) => assertCompaction(seen, "cost-state"),
		none: ({ whole }) => expect(whole.spans.map(({ name }) => name)).not.toContain("claude.compaction"),
	},
	calls: {
		all: ({ whole }) => {
			expect(idsOf(whole)).toEqual(callIds(whole).toSorted());
			for (const { name, attributes } of toolsOf(whole))
				if (name !== "execute_tool NoSuchTool") expect(attributes).toHaveProperty("input.summary");
		},
		"known tools, without inputs": ({ whole }) => {
			expect(idsOf(whole)).toEqual(callIds(whole, "NoSuchTool").toSorted());
			for (const { attributes } of toolsOf(whole)) expect(attributes).not.toHaveProperty("input.summary");
		},
	},
	"durations of calls": {
		"the client's": ({ whole }) => expect(durationOfRead(whole)).toBeLessThan(USER_HOOK_MS),
		"from records": ({ whole }) => expect(durationOfRead(whole)).toBeGreaterThanOrEqual(USER_HOOK_MS),
	},
	agents: {
		[WITH_CALL]: ({ whole }) => expect(parentsOfAgents(whole)).toEqual(["call", "call", "call"]),
		"below their call, failed ones beside it": ({ whole }) =>
			expect(parentsOfAgents(whole)).toEqual(["call", "call", "turn (error)"]),
		"beside their call": ({ whole }) =>
			expect(parentsOfAgents(whole)).toEqual(["turn (error)", "turn (ok)", "turn (ok)"]),
	},
};

function assertRequests(told: Told): void {
	const asked = askedOf(told.requests).filter(({ isCompaction }) => !isCompaction);
	const ids = (end: string) =>
		asked.flatMap((one) => (one.end === end ? [one.attempts.map((it) => it.requestId)] : []));
	expect(
		answersOf(told)
			.map(({ attributes }) => attributes["request.id"])
			.toSorted(),
	).toEqual(
		ids("answered")
			.map((attempts) => attempts.at(-1))
			.toSorted(),
	);
	const failed = chatsOf(told).filter(({ attributes }) => attributes["error.type"] !== undefined);
	const attempts = ids("failed");
	expect(failed).toHaveLength(attempts.length);
	for (const { attributes } of failed) expect(attempts.flat()).toContain(attributes["request.id"]);
}

function assertCosts({ whole, cut }: Seen, basis: string): void {
	for (const told of [whole, cut]) {
		expect(valuesOf(told, "claude.cost_basis")).toEqual([basis]);
		// The list has the price of every model here, so that both come to the same.
		expect(told.session.attributes["claude.cost_usd"]).toBeCloseTo(told.client.usd, 9);
	}
}

function assertCompaction({ whole }: Seen, source: string): void {
	const chats = whole.spans.filter(({ attributes }) => attributes.query_source === "compact");
	const asked = whole.requests.filter(({ isCompaction }) => isCompaction);
	expect(chats.map(({ attributes }) => attributes["tokens.source"])).toEqual([source, source]);
	expect(new Map(chats.map(({ attributes }) => [attributes["gen_ai.request.model"], tokensOf(attributes)]))).toEqual(
		new Map(asked.map(({ model, usage }) => [model, usageTokens(usage)])),
	);
}

/** The one call that a hook of the user's keeps waiting: the tool alone takes some milliseconds. */
function durationOfRead({ spans }: Told): number {
	return Number(spanNamed(spans, "execute_tool Read").attributes.duration_ms);
}

/** Requests of compactions have a column of their own. */
function chatsOf({ spans }: Told): Span[] {
	return spans.filter(
		({ attributes }) => attributes["gen_ai.operation.name"] === "chat" && attributes.query_source !== "compact",
	);
}

function answersOf(told: Told): Span[] {
	return chatsOf(told).filter(({ attributes }) => attributes["error.type"] === undefined);
}

function valuesOf(told: Told, attribute: string): unknown[] {
	return [...new Set(answersOf(told).map(({ attributes }) => attributes[attribute]))];
}

/** One answer fills the window. */
function thresholdsOf({ logs }: Told): unknown[] {
	return logs.flatMap(({ attributes }) => attributes["context.threshold"] ?? []).toSorted();
}

function toolsOf({ spans }: Told): Span[] {
	return spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "execute_tool");
}

function idsOf(told: Told): unknown[] {
	return toolsOf(told)
		.map(({ attributes }) => attributes["tool.use_id"])
		.toSorted();
}

function callIds({ requests }: Told, without?: string): unknown[] {
	return callsOf(askedOf(requests)).flatMap(({ block: { id, name } }) => (name === without ? [] : [id]));
}

function parentsOfAgents({ spans }: Told): string[] {
	const byId = new Map(spans.map((span) => [span.spanId, span]));
	return spans
		.filter(({ attributes }) => attributes["gen_ai.agent.id"] !== undefined)
		.map(({ parentSpanId, attributes }) => {
			if (byId.get(parentSpanId)?.name === "execute_tool Agent") return "call";
			// Nobody said whether its call waited for it.
			expect(attributes).not.toHaveProperty("agent.background");
			return `turn (${attributes["agent.status"]})`;
		})
		.toSorted();
}
