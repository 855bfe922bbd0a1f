// Running sums of what has been handed on, per turn, agent life and session.
import type { Totals } from "./episode.ts";
import type { Usage } from "./fact.ts";
import { addUsage, isZeroUsage, NO_USAGE } from "./usage.ts";

export interface Sum {
	usage: Usage;
	lost: Usage;
	picoUsd: number;
	/** Some request with tokens had no price. */
	unpriced: boolean;
	toolsUsed: number;
}

export function createSum(): Sum {
	return { usage: NO_USAGE, lost: NO_USAGE, picoUsd: 0, unpriced: false, toolsUsed: 0 };
}

export function addRequest(sum: Sum, usage: Usage, lost: Usage, picoUsd: number | undefined): void {
	sum.usage = addUsage(sum.usage, usage);
	sum.lost = addUsage(sum.lost, lost);
	if (picoUsd !== undefined) sum.picoUsd += picoUsd;
	else if (!isZeroUsage(usage) || !isZeroUsage(lost)) sum.unpriced = true;
}

export function totalsOf(sum: Sum): Totals {
	const { usage, lost, picoUsd, unpriced, toolsUsed } = sum;
	return { usage, lost, picoUsd: unpriced ? undefined : picoUsd, toolsUsed };
}
