// On which requests the tokens of cut attempts stand. In: spans, and what was asked. Out: every difference, as far as the
// witnesses can tell: the client counts a sum for each model, and the cost of each request.

import type { ScriptedRequest, ScriptUsage } from "../../src/testing/scripted-model.ts";
import type { Asked } from "./asked.ts";
import type { Span } from "./otlp-plain.ts";

type Prompt = { input: number; cacheRead: number; cacheWrite: number };
type Loser = { chat: Span; request: ScriptedRequest; lost: Prompt; isLikeItsAnswer: boolean; hasFailed: boolean };

/** So long a turn or agent waits for what the client counts, before its spans go. */
const KEPT_NS = 1_500_000_000n;

export function lostFaults(spans: readonly Span[], asked: readonly Asked[]): string[] {
	const chats = spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
	const end = spans.reduce((last, { endTime }) => (endTime > last ? endTime : last), 0n);
	const mayBeGone = ({ chat }: Loser) => end - chat.endTime > KEPT_NS;
	const faults: string[] = [];
	for (const [model, some] of Map.groupBy(losersOf(chats, asked), ({ request }) => request.model)) {
		// Where the client told of a cost too late, nobody knows whose the attempts were. So of several that failed.
		if (some.some(({ chat }) => chat.attributes["claude.cost_basis"] === "list")) continue;
		if (some.filter(({ hasFailed }) => hasFailed).length > 1) continue;
		const broken = some.filter(({ lost }) => promptOf(lost) > 0);
		const vague = broken.filter((loser) => !loser.isLikeItsAnswer || mayBeGone(loser));
		const isDecided = vague.length <= 1 || broken.length === 1;
		for (const loser of some) {
			const told = lostIn(loser.chat);
			const isGone = mayBeGone(loser) && promptOf(told) === 0;
			if (isGone || (promptOf(loser.lost) > 0 && !isDecided)) continue;
			if (JSON.stringify(told) !== JSON.stringify(loser.lost))
				faults.push(`request ${loser.request.at} (${model}) has lost ${show(told)}, expected ${show(loser.lost)}`);
		}
	}
	return faults;
}

/** Each request with what was cut before it; claude does not count what it heard an error of. */
function losersOf(chats: readonly Span[], asked: readonly Asked[]): Loser[] {
	const stumps = new Map<string, ScriptedRequest[]>();
	return asked.flatMap(({ attempts, lane, end }): Loser[] => {
		const cut = attempts.filter(({ outcome, step: { fault } }) => {
			return outcome === "cut" && fault !== undefined && "cut" in fault && fault.cut !== "error-event";
		});
		if (end === "stump") {
			stumps.set(lane, [...(stumps.get(lane) ?? []), ...cut]);
			return [];
		}
		const before = stumps.get(lane) ?? [];
		stumps.delete(lane);
		const ids = attempts.map(({ requestId }) => requestId);
		const chat = chats.find(({ attributes }) => ids.includes(String(attributes["request.id"])));
		const request = attempts.at(-1);
		if (chat === undefined || request === undefined) return [];
		const hasFailed = end === "failed";
		const isLikeItsAnswer = before.length === 0 && !hasFailed && cut.every(({ usage }) => isSame(usage, request.usage));
		return [{ chat, request, lost: addUp([...before, ...cut]), isLikeItsAnswer, hasFailed }];
	});
}

function show(prompt: Prompt): string {
	return JSON.stringify(prompt);
}

function isSame(a: ScriptUsage, b: ScriptUsage): boolean {
	return JSON.stringify({ ...a, output: 0 }) === JSON.stringify({ ...b, output: 0 });
}

function addUp(attempts: readonly ScriptedRequest[]): Prompt {
	const sum = { input: 0, cacheRead: 0, cacheWrite: 0 };
	for (const { usage } of attempts) {
		sum.input += usage.input;
		sum.cacheRead += usage.cacheRead;
		sum.cacheWrite += usage.cacheWrite5m + usage.cacheWrite1h;
	}
	return sum;
}

function promptOf({ input, cacheRead, cacheWrite }: Prompt): number {
	return input + cacheRead + cacheWrite;
}

function lostIn({ attributes }: Span): Prompt {
	const number = (name: string) => Number(attributes[`tokens.lost.${name}`] ?? 0);
	return { input: number("input"), cacheRead: number("cache_read"), cacheWrite: number("cache_creation") };
}
