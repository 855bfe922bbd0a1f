// What the steps of handing on share: what is known, where things belong, what was handed on already, and the sums.

import { livesOf } from "../agents.ts";
import type { ContextOptions } from "../context-window.ts";
import type { ModelOutput, Place } from "../episode.ts";
import type { Usage } from "../fact.ts";
import { REMEMBERED_IDS_MAX } from "../limits.ts";
import { type Link, type Located, type Places, startOfTurn } from "../places.ts";
import type { CostCount } from "../reconcile.ts";
import type { Stores } from "../stores.ts";
import { createSums, type Sums } from "../sums.ts";

export interface HandoverOptions {
	/** List price in integer pico-USD; undefined where none is known. */
	price(usage: Usage, model: string, at: number): { picoUsd: number | undefined; estimated: boolean };
	/** Context window of a model in tokens, and the shares of it that are told when they are reached. */
	context: ContextOptions;
	/** Tools that get no span (they are counted all the same). */
	isExcluded(toolName: string): boolean;
}

export interface Handover {
	stores: Stores;
	places: Places;
	/** Calls that may have started agents, kept after they were handed on. */
	links: Map<string, Link>;
	options: HandoverOptions;
	output: ModelOutput;
	sums: Sums;
	/** Usage of cut attempts, by the message that was answered in their place, or the request that failed there. */
	lost: Map<string, Usage>;
	/** What the client counts for cut attempts, where it told of it, by the same message: integer pico-USD. */
	lostPicoUsd: Map<string, number>;
	/**
	 * Sessions and models with requests handed on that had attempts before them, which the ledger may have more of, and what the
	 * client counts for those in integer pico-USD: undefined where it did not tell of one.
	 */
	triedGone: Map<string, number | undefined>;
	/** Sessions and models with answers that the user broke off. */
	brokenOff: Set<string>;
	/** Cut attempts whose usage has found such a message. */
	settledStumps: Set<string>;
	/** Usage of answered messages, by session and model. */
	answered: Map<string, Map<string, Usage>>;
	/** What each model cost, by session: two counts. */
	costs: Map<string, Map<string, CostCount>>;
	finish(id: string): void;
	isDone(id: string): boolean;
}

export function createHandover(shared: Pick<Handover, "stores" | "places" | "links" | "options" | "output">): Handover {
	const done = new Set<string>();
	return {
		...shared,
		sums: createSums(),
		lost: new Map(),
		lostPicoUsd: new Map(),
		triedGone: new Map(),
		brokenOff: new Set(),
		settledStumps: new Set(),
		answered: new Map(),
		costs: new Map(),
		finish(id) {
			done.add(id);
			if (done.size > REMEMBERED_IDS_MAX) done.delete(done.values().next().value as string);
		},
		isDone: (id) => done.has(id),
	};
}

export function placeOnly({ parent, sessionId, session, promptId, agentType }: Located): Place {
	return { parent, sessionId, session, promptId, agentType };
}

/** When the agent or else the turn began in which this lies. */
export function startAbove(place: Located): number {
	const life = place.lives[0];
	if (life) return livesOf(life.agent)[life.n] ?? Number.NEGATIVE_INFINITY;
	return place.turn ? startOfTurn(place.turn) : Number.NEGATIVE_INFINITY;
}
