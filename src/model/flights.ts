// Hooks of tool calls → how many of each tool are in flight.
import type { ModelOutput } from "./episode.ts";
import type { Fact } from "./fact.ts";

export interface Flights {
	note(fact: Fact): void;
	/** The call has come to its end, if it was in flight. */
	land(toolUseId: string): void;
	landAll(isOver?: (toolUseId: string) => boolean): void;
	size(): number;
}

export function createFlights(output: Pick<ModelOutput, "inFlight">): Flights {
	/** By id of the call, the name of its tool. */
	const flying = new Map<string, string>();

	function land(toolUseId: string): void {
		const toolName = flying.get(toolUseId);
		if (toolName === undefined) return;
		flying.delete(toolUseId);
		output.inFlight(toolName, -1);
	}

	return {
		note(fact) {
			if (fact.source !== "hook") return;
			if (fact.kind === "tool.started" && !flying.has(fact.toolUseId)) {
				flying.set(fact.toolUseId, fact.toolName);
				output.inFlight(fact.toolName, 1);
			} else if (fact.kind === "tool.ended" || fact.kind === "permission.denied") land(fact.toolUseId);
		},
		land,
		landAll(isOver = () => true) {
			for (const toolUseId of flying.keys()) if (isOver(toolUseId)) land(toolUseId);
		},
		size: () => flying.size,
	};
}
