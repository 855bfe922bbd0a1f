// Metrics of Claude Code's own → what its counters tell: increments of what it did, and of tokens and cost the sum so far,
// model by model, as in the ledger that it writes into its transcripts. Attempts that were cut are among them.
import type { Counted, FactOf, RawFact, Usage } from "../model/fact.ts";
import { asString, compact, type JsonObject } from "./json.ts";
import { createCounterReader, type Increment } from "./native-counters.ts";

const COUNTERS: ReadonlyMap<string, Counted["counter"]> = new Map([
	["claude_code.lines_of_code.count", "lines_of_code"],
	["claude_code.commit.count", "commits"],
	["claude_code.pull_request.count", "pull_requests"],
	["claude_code.active_time.total", "active_time"],
]);
const TOKENS = "claude_code.token.usage";
const COST = "claude_code.cost.usage";
/** It does not tell for how long they were written. */
const TYPES: ReadonlyMap<unknown, keyof Usage> = new Map([
	["input", "input"],
	["output", "output"],
	["cacheRead", "cacheRead"],
	["cacheCreation", "cacheCreation5m"],
]);
/** Sessions of one process, and models of a session. */
const KNOWN_MAX = 100;
const NOTHING = { input: 0, output: 0, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0, costUsd: 0 };

type Ledger = FactOf<"cost.state">["models"];

/** Takes the metrics of one request. */
export function createMetricReader(): (metrics: readonly JsonObject[]) => RawFact[] {
	const readIncrements = createCounterReader();
	const ledgers = new Map<string, Ledger>();
	let told = 0;

	function note({ sessionId, attributes, value }: Increment, key: keyof Usage | "costUsd"): void {
		const model = asString(attributes.model);
		const ledger = ledgers.get(sessionId) ?? {};
		const known = model !== undefined && Object.hasOwn(ledger, model);
		if (model === undefined || (!known && Object.keys(ledger).length >= KNOWN_MAX)) return;
		const entry = { ...NOTHING, ...(known ? ledger[model] : {}) };
		entry[key] += value;
		ledgers.set(sessionId, { ...ledger, [model]: entry });
		if (ledgers.size > KNOWN_MAX) ledgers.delete(ledgers.keys().next().value as string);
	}

	function readCounter(metric: JsonObject): RawFact[] {
		const counter = COUNTERS.get(asString(metric.name) ?? "");
		if (counter === undefined) return [];
		return readIncrements(metric).map(({ sessionId, at, attributes, value }) =>
			compact({ source: "native", at, sessionId, kind: "counted", counter, type: asString(attributes.type), value }),
		);
	}

	/** Returns the sessions of which it tells, and when it was counted. */
	function readUsage(metric: JsonObject): [string, number][] {
		if (metric.name !== TOKENS && metric.name !== COST) return [];
		return readIncrements(metric).map((increment) => {
			const key = metric.name === COST ? "costUsd" : TYPES.get(increment.attributes.type);
			if (key !== undefined) note(increment, key);
			return [increment.sessionId, increment.at];
		});
	}

	return (metrics) => {
		const changed = new Map(metrics.flatMap(readUsage));
		const states = [...changed].map(([sessionId, at]): RawFact => {
			const models = ledgers.get(sessionId) ?? {};
			const totalCostUsd = Object.values(models).reduce((sum, { costUsd }) => sum + costUsd, 0);
			const index = ++told;
			return { source: "native", at, sessionId, kind: "cost.state", totalCostUsd, models, baseline: false, index };
		});
		return [...metrics.flatMap(readCounter), ...states];
	};
}
