// Which call a permission question was about: the question names the tool and its input, never the call.
import type { FactOf } from "./fact.ts";
import type { ToolState } from "./state.ts";

type Ask = FactOf<"permission.asked">;

/** An agent may ask for the same at the same time. */
export function keyOfAsk({ at, agentId = "", toolName, inputDigest }: Ask): string {
	return [at, agentId, toolName, inputDigest].join(":");
}

/** The question is told right after the call; hooks that arrive the other way round differ by less than this. */
const SKEW_MS = 50;

/**
 * Gives each question to the earliest call of its lane that has the same input, had begun, was not over and has
 * no question yet, and rather to one that came to an end; where no input matches (a hook of the user's changed it), to one of the same tool.
 */
export function matchAsks(tools: readonly ToolState[], asks: readonly Ask[]): Map<string, Ask[]> {
	const matches = new Map<string, Ask[]>();
	const inOrder = [...tools].toSorted(
		(a, b) => (begunAt(a) ?? 0) - (begunAt(b) ?? 0) || (a.toolUseId < b.toolUseId ? -1 : 1),
	);
	for (const ask of [...asks].toSorted((a, b) => a.at - b.at || (a.inputDigest < b.inputDigest ? -1 : 1))) {
		const open = inOrder.filter((tool) => isOpenAt(tool, ask.at) && isSameLane(tool, ask));
		const same = open.filter((tool) => (tool.digest ?? tool.endDigest) === ask.inputDigest);
		const candidates = same.length > 0 ? same : open.filter((tool) => tool.toolName?.value === ask.toolName);
		const free = candidates.filter((candidate) => !matches.has(candidate.toolUseId));
		const tool = free.find((candidate) => overAt(candidate) !== undefined) ?? free[0] ?? candidates[0];
		if (tool) matches.set(tool.toolUseId, [...(matches.get(tool.toolUseId) ?? []), ask]);
	}
	return matches;
}

/** A call of an earlier prompt that nobody ever closed is not the one that is asked about. */
function isSameLane(tool: ToolState, ask: Ask): boolean {
	if (tool.agentId !== ask.agentId) return false;
	return tool.agentId !== undefined || [undefined, tool.promptId?.value].includes(ask.promptId);
}

function isOpenAt(tool: ToolState, at: number): boolean {
	const begun = begunAt(tool);
	if (begun === undefined || begun > at + SKEW_MS) return false;
	const over = overAt(tool);
	return over === undefined || over >= at - SKEW_MS;
}

/** A call whose begin no hook tells could begin when it was written. */
function begunAt(tool: ToolState): number | undefined {
	return tool.startedAt ?? tool.requestedAt;
}

function overAt(tool: ToolState): number | undefined {
	return tool.hookEnd?.at ?? tool.batchAt ?? tool.deniedAt ?? tool.transcriptEnd?.at;
}
