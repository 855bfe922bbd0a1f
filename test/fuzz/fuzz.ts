// One property and how much of the budget it takes → so many random inputs, each with a seed of its own, a time limit,
// a look at the prototypes that all objects share, and at the memory once all are done. A failure names its seed.
//
// FUZZ_INPUTS: of all doors together. TEST_SEED=… FUZZ_EACH=1: one input again.
import { expect } from "vitest";
import { usedMemory } from "../support/memory.ts";
import { type Random, seededRandom } from "../support/seed.ts";
import { createMutator, type Mutator } from "./mutate.ts";

const INPUTS_DEFAULT = 5_000;
/** Of one input, on a machine that does other things as well. */
export const DEADLINE_MS = 30_000;
/** What all inputs together may leave behind: caches of the engine that fill up, no leak. */
export const GROWTH_MAX_BYTES = 24 * 1024 * 1024;
/** Inputs before memory is looked at first. */
const WARM_UP_SHARE = 0.2;
const SETTLE_TURNS = 3;

export interface Fuzzed {
	random: Random;
	mutate: Mutator;
}

export interface FuzzOptions {
	/** Of all inputs. */
	share: number;
	/** Throws where the property does not hold. */
	input(fuzzed: Fuzzed): void | Promise<void>;
}

/** Bytes by which memory has grown from the first inputs to the last. */
export async function fuzz(name: string, { share, input }: FuzzOptions): Promise<number> {
	const total = Number(process.env.FUZZ_INPUTS ?? INPUTS_DEFAULT);
	const count = Number(process.env.FUZZ_EACH ?? Math.max(1, Math.round(total * share)));
	const first = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
	const prototypes = describePrototypes();
	const startedAt = performance.now();
	let slowest = 0;
	let before: number | undefined;
	for (let index = 0; index < count; index++) {
		const random = seededRandom(first + index);
		const inputAt = performance.now();
		try {
			const done = input({ random, mutate: createMutator(random) });
			if (done !== undefined) await done;
			for (const added in {}) throw new Error(`every object has "${added}" now`);
		} catch (error) {
			throw new Error(`${name}, repeat with TEST_SEED=${first + index} FUZZ_EACH=1`, { cause: error });
		}
		const took = performance.now() - inputAt;
		slowest = Math.max(slowest, took);
		if (took > DEADLINE_MS) throw new Error(`${name}: the input of TEST_SEED=${first + index} took ${took} ms`);
		if (index === Math.floor(count * WARM_UP_SHARE)) before = await settledMemory();
	}
	const after = await settledMemory();
	const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
	const [mbBefore, mbAfter] = [before ?? after, after].map((bytes) => (bytes / 2 ** 20).toFixed(1));
	console.log(
		`${name}: ${count} inputs from TEST_SEED=${first} in ${seconds} s, slowest ${slowest.toFixed(0)} ms, memory ${mbBefore} → ${mbAfter} MB`,
	);
	expect(describePrototypes()).toEqual(prototypes);
	return after - (before ?? after);
}

/** Buffers go some turns of the loop after the objects that held them. */
async function settledMemory(): Promise<number> {
	let least = usedMemory();
	for (let turn = 0; turn < SETTLE_TURNS; turn++) {
		await new Promise((resolve) => setTimeout(resolve, 5));
		least = Math.min(least, usedMemory());
	}
	return least;
}

/** What every object, list, text and function has. */
function describePrototypes(): string[] {
	return [Object, Array, String, Number, Function, Map, Set, Buffer].flatMap((of) =>
		Reflect.ownKeys(of.prototype as object).map((key) => `${of.name}.${String(key)}`),
	);
}
