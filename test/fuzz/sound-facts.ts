// Facts as intake makes them → an error that says which of them the rest of the program could stumble over.
import { isDeepStrictEqual } from "node:util";
import type { RawFact } from "../../src/model/fact.ts";

/** Facts that one sample can make beyond one for each of its brackets. */
const FACTS_BASE = 8;
/** What OTLP has room for: 64 bits of nanoseconds. */
const TIME_MAX = 2 ** 64 / 1e6;

export function assertSoundFacts(facts: readonly RawFact[], inputBytes: number): void {
	if (facts.length > FACTS_BASE + inputBytes / 8) throw new Error(`${facts.length} facts of ${inputBytes} bytes`);
	for (const fact of facts) {
		const { content, ...rest } = fact;
		if (!(fact.at > 0 && fact.at < TIME_MAX)) throw new Error(`a ${fact.kind} at ${fact.at}`);
		if (fact.sessionId === "") throw new Error(`a ${fact.kind} without a session`);
		assertPlain(rest, fact.kind);
		for (const [role, piece] of Object.entries(content ?? {})) {
			if (typeof piece.bytes !== "number" || !(piece.bytes >= 0)) throw new Error(`${fact.kind}: ${role} without size`);
			// Whoever comes later writes it as JSON again.
			JSON.stringify(piece.value);
		}
	}
}

/** Texts, finite numbers, flags, and lists and objects of those: nothing that came out of a prototype. */
function assertPlain(value: unknown, place: string): void {
	if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean") return;
	if (typeof value === "number") {
		if (!Number.isFinite(value)) throw new Error(`${place} is ${value}`);
		return;
	}
	if (typeof value !== "object") throw new Error(`${place} is a ${typeof value}`);
	const prototype: unknown = Object.getPrototypeOf(value);
	if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
		throw new Error(`${place} has a prototype of its own: ${String(isDeepStrictEqual(prototype, {}))}`);
	}
	for (const [key, item] of Object.entries(value)) assertPlain(item, `${place}.${key}`);
}
