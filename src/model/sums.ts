// Running sums of what has been handed on, per turn, agent life and session.
import type { Totals } from "./episode.ts";
import type { Usage } from "./fact.ts";
import type { Life, Located } from "./places.ts";
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

/** @param told whether anybody told of the requests; what nobody told of is unknown, not nothing */
export function totalsOf(sum: Sum, told: boolean): Totals {
	const { usage, lost, picoUsd, unpriced, toolsUsed } = sum;
	return { usage: told ? usage : undefined, lost, picoUsd: told && !unpriced ? picoUsd : undefined, toolsUsed };
}

export interface SessionSum extends Sum {
	turns: number;
	syntheticTurns: number;
	toolNames: Set<string>;
}

export interface TurnSum {
	/** The main loop alone. */
	own: Sum;
	/** With its agents. */
	all: Sum;
}

export interface Sums {
	ofSession(n: number): SessionSum;
	/** The sums of a turn or an agent's life, which end with it. */
	takeTurn(promptId: string): TurnSum;
	takeLife(life: Life): Sum;
	/** Every sum above a place; those of what was handed on already are of no use any more. */
	above(place: Located): Sum[];
}

export function createSums(): Sums {
	const sessions = new Map<number, SessionSum>();
	const turns = new Map<string, TurnSum>();
	const lives = new Map<string, Sum>();
	const lifeKey = ({ agent, n }: Life) => `${agent.agentId}:${n}`;
	const newSession = () => ({ ...createSum(), turns: 0, syntheticTurns: 0, toolNames: new Set<string>() });
	const newTurn = () => ({ own: createSum(), all: createSum() });
	const ofSession = (n: number) => getOrMake(sessions, n, newSession);

	return {
		ofSession,
		takeTurn: (promptId) => take(turns, promptId, newTurn),
		takeLife: (life) => take(lives, lifeKey(life), createSum),
		above(place) {
			const above: Sum[] = [ofSession(place.session)];
			for (const life of place.lives) {
				if (!life.agent.handedOn.has(life.n)) above.push(getOrMake(lives, lifeKey(life), createSum));
			}
			if (place.turn && !place.turn.handedOn) {
				const { own, all } = getOrMake(turns, place.turn.promptId, newTurn);
				above.push(all);
				if (place.lives.length === 0) above.push(own);
			}
			return above;
		},
	};
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const found = map.get(key) ?? make();
	map.set(key, found);
	return found;
}

function take<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const found = map.get(key) ?? make();
	map.delete(key);
	return found;
}
