// Facts → what the session model hands on, in a form that can be compared.
import type { ContextOptions } from "../../src/model/context-window.ts";
import type { Episode, ModelOutput, Moment } from "../../src/model/episode.ts";
import type { Fact, Source, Usage } from "../../src/model/fact.ts";
import { createModel, type Model } from "../../src/model/model.ts";
import { addUsage, NO_USAGE } from "../../src/model/usage.ts";

export interface Told {
	episodes: Episode[];
	moments: Moment[];
	late: Source[];
	flying: Map<string, number>;
}

export function startModel(
	isExcluded: (toolName: string) => boolean = () => false,
	output?: ModelOutput,
	context: ContextOptions = { windowOf: () => undefined, thresholds: [] },
): { model: Model; told: Told } {
	const told: Told = { episodes: [], moments: [], late: [], flying: new Map() };
	const model = createModel(
		{
			price: ({ input, output }) => ({ picoUsd: input + 5 * output, estimated: false }),
			isExcluded,
			context,
		},
		output ?? {
			sessionOpened() {},
			episode: (episode) => told.episodes.push(episode),
			moment: (moment) => told.moments.push(moment),
			hooksRan() {},
			limitTold() {},
			counted() {},
			inFlight: (name, change) => told.flying.set(name, (told.flying.get(name) ?? 0) + change),
			late: (source) => told.late.push(source),
		},
	);
	return { model, told };
}

/** All facts, then `settle`. */
export function settle(facts: readonly Fact[]): Told {
	const { model, told } = startModel();
	for (const fact of facts) model.apply(fact);
	model.settle();
	return told;
}

/** The same bytes for the same episodes and moments, in whatever order they were handed on. */
export function bytesOf({ episodes, moments }: Told): string {
	return [...episodes, ...moments]
		.map((thing) => JSON.stringify(thing))
		.toSorted()
		.join("\n");
}

export function refsOf({ episodes }: Told): string[] {
	return episodes.map(({ ref }) => JSON.stringify(ref)).toSorted();
}

export function sumOf(episodes: readonly Episode[], kind: "chat" | "session"): Usage {
	let sum: Usage = NO_USAGE;
	for (const episode of episodes) {
		if (episode.kind === "chat" && kind === "chat") sum = addUsage(sum, episode.usage);
		if (episode.kind === "session" && kind === "session") sum = addUsage(sum, episode.totals.usage ?? NO_USAGE);
	}
	return sum;
}

/** Episodes whose parent was never handed on. */
export function orphansOf({ episodes }: Told): Episode[] {
	const refs = new Set(episodes.map(({ ref }) => JSON.stringify(ref)));
	return episodes.filter(({ parent }) => !refs.has(JSON.stringify(parent)));
}
