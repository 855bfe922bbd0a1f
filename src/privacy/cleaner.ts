// The redaction and the limits come in; out go the three ways in which a value is made fit to keep: a line, a payload,
// a structure. Always: redact first, then cut.

import type { Json } from "../model/fact.ts";
import { cutBytes, cutCodePoints } from "./cut.ts";
import { type Redaction, replaceSpans } from "./redact.ts";
import { redactStructure } from "./structure.ts";

export interface Cut {
	text: string;
	truncated: boolean;
}

export type Pick = (text: string) => string;

export interface Cleaner {
	/** At most `maxAttrLength` code points. `pick` chooses, after redaction, what of the text is told. */
	line: (text: string, cut?: boolean, pick?: Pick) => Cut;
	/** At most `maxPayloadBytes` bytes of UTF-8. */
	payload: (text: string, cut: boolean) => Cut;
	/** The same structure without secrets; not yet cut. */
	structure: (value: Json, cut: boolean) => Json;
	holdsSecret: (text: string) => boolean;
}

/** So much more than the limit is searched for secrets at least: one that begins before the limit is seen whole. */
const WINDOW_MIN = 16_384;
/** What is left after a cut may look like a secret where the whole did not, so it is done again until nothing changes. */
const ROUNDS_MAX = 5;

export function createCleaner(redaction: Redaction, maxAttrLength: number, maxPayloadBytes: number): Cleaner {
	const clean = (raw: string, cut: boolean, limit: number, pick: Pick, shorten: (text: string) => string): Cut => {
		const window = Math.max(WINDOW_MIN, limit * 4);
		const beyond = raw.length > window;
		const wellFormed = raw.slice(0, window).toWellFormed();
		const picked = pick(replaceSpans(wellFormed, redaction.find(wellFormed, cut || beyond)));
		let text = shorten(picked);
		const truncated = beyond || text !== picked;
		for (let round = 1; round < ROUNDS_MAX; round++) {
			const again = shorten(pick(replaceSpans(text, redaction.find(text, false))));
			if (again === text) break;
			text = again;
		}
		return { text, truncated };
	};
	const whole: Pick = (text) => text;
	return {
		line: (text, cut = false, pick = whole) =>
			clean(text, cut, maxAttrLength, pick, (picked) => cutCodePoints(picked, maxAttrLength)),
		payload: (text, cut) => clean(text, cut, maxPayloadBytes, whole, (picked) => cutBytes(picked, maxPayloadBytes)),
		structure: (value, cut) => redactStructure(value, redaction, cut),
		holdsSecret: (text) => redaction.find(text, false).length > 0,
	};
}
