// What claude wanted of the model: the attempts of the log, put together. In: requests as the scripted model saw them.
// Out: one entry for each thing that was asked, with its attempts and how it ended.

import { type ScriptedRequest, textOf } from "../../src/testing/script.ts";

export type Asked = {
	lane: string;
	isCompaction: boolean;
	attempts: ScriptedRequest[];
	/** `stump`: cut after a whole block, with which claude went on. */
	end: "answered" | "failed" | "stump";
};

/** Holds of runs that end by themselves: what has no answer in the log failed for good. */
export function askedOf(requests: readonly ScriptedRequest[]): Asked[] {
	const asked: Asked[] = [];
	const open = new Map<string, Asked>();
	for (const request of requests) {
		const key = `${request.lane} ${request.isCompaction} ${request.model}`;
		let current = open.get(key);
		// The same lane, asked anew: another turn.
		if (current && notifications(current.attempts[0]) !== notifications(request)) current = undefined;
		if (current === undefined) {
			current = { lane: request.lane, isCompaction: request.isCompaction, attempts: [], end: "failed" };
			asked.push(current);
		}
		current.attempts.push(request);
		open.set(key, current);
		if (request.outcome === "answered") current.end = "answered";
		else if (isStump(request)) current.end = "stump";
		if (current.end !== "failed") open.delete(key);
	}
	return asked;
}

/** A cut answer of which something was told to its end, so that claude keeps it. */
export function isStump({ outcome, step: { fault } }: ScriptedRequest): boolean {
	return outcome === "cut" && fault !== undefined && "cut" in fault && fault.cut === "after-block";
}

/** A turn that a background agent began brings its notification along; attempts of one request have the same. */
function notifications(request: ScriptedRequest | undefined): number {
	const texts = (request?.body.messages ?? []).map(({ content }) => textOf(content));
	return texts.join("\n").split("<task-notification>").length;
}
