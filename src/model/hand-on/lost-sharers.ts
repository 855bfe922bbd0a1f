// What was lost before some of the requests of a model, and what the client counts for each → the requests that share it, each
// with what is known of its part.
import type { Usage } from "../fact.ts";
import { ledgerOf, withoutTerms } from "../ledger.ts";
import { isZeroUsage, promptTokens } from "../usage.ts";
import { SKEW_PICO_USD } from "./cut-requests.ts";
import type { Handover } from "./handover.ts";
import type { Heir } from "./heirs.ts";
import { likelyPart, type Share } from "./lost-shares.ts";
import { requestOf } from "./surplus.ts";

/** Where nobody tells how many attempts there were: as many as claude makes by default. */
const TRIES_MAX = 10;

/** Without an heir: requests that are handed on, or one that was refused. */
export type Sharer = Share & { heir?: Heir; refused?: true };

/** Requests of a model that were tried more than once, with what the client counts for the attempts before each, where it tells. */
export interface Tried {
	model: string;
	at: number;
	open: ReadonlyMap<Heir, number | undefined>;
	/** Of all that are handed on. */
	gone: number | undefined;
	/** Among the lost is what a refusal used that nobody tells as answered. */
	refused: boolean;
}

/** None where nobody says that one of them had such attempts. */
export type FindSharers = (lost: Usage, tried: Tried) => Sharer[];

export function createFindSharers({ stores, options, lost }: Handover): FindSharers {
	const hasStump = ({ key }: Heir) => lost.has(key);

	function findSharers(rest: Usage, { model, at, open, gone, refused }: Tried): Sharer[] {
		if (isZeroUsage(rest)) return [];
		// Output alone is what the client estimates beyond a stump's own number.
		const isStumps = promptTokens(rest) === 0;
		const heirs = [...open.keys()].filter((heir) => hasStump(heir) || (!isStumps && heir.tries !== 0));
		const told: Sharer[] = gone ? [{ picoUsd: gone }] : [];
		for (const heir of heirs) {
			const picoUsd = open.get(heir) ?? 0;
			if (picoUsd > 0) told.push({ heir, picoUsd, likely: likelyOf(heir, picoUsd) });
		}
		const listed = options.price(rest, model, at).picoUsd ?? 0;
		const untold = told.reduce((left, { picoUsd }) => left - picoUsd, listed);
		if (refused && !isStumps) return [...told, { refused, picoUsd: Math.max(0, untold) }];
		if (told.length > 0 && untold <= SKEW_PICO_USD) return told;
		if (gone === undefined && !isStumps) return [...told, { picoUsd: untold }];
		const heir = firstTried(heirs.filter((one) => open.get(one) === undefined));
		if (heir !== undefined) return [...told, { heir, picoUsd: untold }];
		// Of some attempts the client counts tokens and no cost.
		const first = told.length === 0 ? firstTried(heirs) : undefined;
		return first === undefined ? told : [{ heir: first, picoUsd: untold }];
	}

	/** Nobody says which of them it was. */
	function firstTried(heirs: readonly Heir[]): Heir | undefined {
		return heirs.find(({ tries = 0 }) => tries > 0) ?? heirs.find(hasStump) ?? heirs.find(({ vague }) => vague);
	}

	function likelyOf(heir: Heir, picoUsd: number): Usage | undefined {
		const request = requestOf(stores, heir.key);
		if (request === undefined) return undefined;
		const { model, at, usage, sessionId } = request;
		const prompt = { ...usage, output: 0 };
		const attempts = { prompt, least: hasStump(heir) ? 0 : 1, most: heir.tries ?? TRIES_MAX };
		const part = likelyPart(picoUsd, attempts, (one) => options.price(one, model, at).picoUsd);
		return part && ledgerOf(stores, sessionId)?.native ? withoutTerms(part) : part;
	}

	return findSharers;
}
