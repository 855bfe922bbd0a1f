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
		const last = current?.attempts.at(-1);
		if (current && last && isCutAfterBlock(last) && countMessages(request) > countMessages(last)) {
			current.end = "stump";
			current = undefined;
		}
		// The same lane, asked anew: another turn.
		if (last && notifications(last) !== notifications(request)) current = undefined;
		if (current === undefined) {
			current = { lane: request.lane, isCompaction: request.isCompaction, attempts: [], end: "failed" };
			asked.push(current);
		}
		current.attempts.push(request);
		open.set(key, current);
		if (request.outcome !== "answered") continue;
		current.end = "answered";
		open.delete(key);
	}
	return asked;
}

/**
 * A cut answer of which a block was told to its end. claude keeps it and goes on from there, unless it read the
 * connection's end before the block: then the next attempt has no more messages than this one.
 */
function isCutAfterBlock({ outcome, step: { fault } }: ScriptedRequest): boolean {
	return outcome === "cut" && fault !== undefined && "cut" in fault && fault.cut === "after-block";
}

function countMessages({ body }: ScriptedRequest): number {
	return body.messages.length;
}

/** A turn that a background agent began brings its notification along; attempts of one request have the same. */
function notifications({ body }: ScriptedRequest): number {
	const texts = body.messages.map(({ content }) => textOf(content));
	return texts.join("\n").split("<task-notification>").length;
}
