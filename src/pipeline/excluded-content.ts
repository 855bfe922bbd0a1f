// Facts of all calls → the same; of calls of tools that the user leaves out (CLAUDE_OTEL_TOOLS_EXCLUDE) without what they
// say: of inputs, outputs and errors the sizes are left, which metrics count.
import type { CleanContent, Contents, Fact } from "../model/fact.ts";

/** Calls that are remembered, for the end of which not every witness names the tool. */
const REMEMBERED_MAX = 10_000;

export function createContentExclusion(isExcluded: (toolName: string) => boolean): (fact: Fact) => Fact {
	const calls = new Set<string>();

	function remember(toolUseId: string): void {
		calls.add(toolUseId);
		if (calls.size > REMEMBERED_MAX) calls.delete(calls.values().next().value as string);
	}

	return (fact) => {
		if (!("toolUseId" in fact) || fact.toolUseId === undefined) return fact;
		if ("toolName" in fact && fact.toolName !== undefined && isExcluded(fact.toolName)) remember(fact.toolUseId);
		if (fact.content === undefined || !calls.has(fact.toolUseId)) return fact;
		return { ...fact, content: sizesOf(fact.content) };
	};
}

function sizesOf(contents: Contents<CleanContent>): Contents<CleanContent> {
	return Object.fromEntries(
		Object.entries(contents).map(([role, content]: [string, CleanContent]) => [role, { bytes: content.bytes }]),
	);
}
