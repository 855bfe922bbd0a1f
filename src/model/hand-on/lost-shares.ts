// What was lost before several requests, in one sum, and what the client counts for each of them → the part of each. The parts add
// up to the sum. An attempt that is made again has the same prompt: where its price and that of some output come to what
// the client counts, that was the part; what is left is shared out by cost.
import type { Usage } from "../fact.ts";
import { addUsage, mapUsage, NO_USAGE, subtractUsage, totalTokens } from "../usage.ts";

export interface Share {
	/** What the client counts for its part. */
	picoUsd: number;
	/** What its part was, if its attempts had its own prompt. */
	likely?: Usage;
}

/** Costs come as floating-point numbers: by so much of a token. */
const SKEW_TOKENS = 1e-4;

export function shareOut(lost: Usage, shares: readonly Share[]): Usage[] {
	let left = lost;
	const fitting = shares.map(({ likely }) => {
		const fits = likely !== undefined && totalTokens(subtractUsage(likely, left)) === 0;
		if (fits) left = subtractUsage(left, likely);
		return fits ? likely : undefined;
	});
	const isOpen = fitting.map((part) => part === undefined || !fitting.includes(undefined));
	const whole = shares.reduce((sum, { picoUsd }, n) => sum + (isOpen[n] ? picoUsd : 0), 0);
	let taken = 0;
	let before: Usage = NO_USAGE;
	return shares.map(({ picoUsd }, n) => {
		const part = fitting[n] ?? NO_USAGE;
		if (!isOpen[n]) return part;
		taken += picoUsd;
		const after = taken < whole ? mapUsage(left, (tokens) => Math.round((tokens * taken) / whole)) : left;
		const share = subtractUsage(after, before);
		before = after;
		return addUsage(part, share);
	});
}

/** So many attempts with this prompt, and the output for which the cost has room; the more attempts, the likelier. */
export function likelyPart(
	picoUsd: number,
	{ prompt, least, most }: { prompt: Usage; least: number; most: number },
	price: (usage: Usage) => number | undefined,
): Usage | undefined {
	const once = price(prompt);
	const perOutput = (price({ ...prompt, output: 1 }) ?? 0) - (once ?? 0);
	if (once === undefined || perOutput <= 0) return undefined;
	for (let times = most; times >= least; times--) {
		const room = (picoUsd - times * once) / perOutput;
		const output = Math.round(room);
		if (output >= 0 && Math.abs(room - output) < SKEW_TOKENS) {
			return { ...mapUsage(prompt, (tokens) => tokens * times), output };
		}
	}
	return undefined;
}
