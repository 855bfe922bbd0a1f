// Random numbers that repeat: a test that draws from a seed prints it, and fails the same way again with it.

export type Random = {
	seed: number;
	/** In [0, 1), as Math.random. */
	next(): number;
	/** A whole number, both ends included. */
	int(from: number, to: number): number;
	pick<T>(items: readonly T[]): T;
	chance(probability: number): boolean;
	shuffle<T>(items: readonly T[]): T[];
};

const DEFAULT_SEED_COUNT = 5;

/**
 * The seeds of this run: TEST_SEEDS of them (5 unless the test says otherwise), counted up from TEST_SEED, which is random unless it is given.
 * They are printed, so that `TEST_SEED=… TEST_SEEDS=1` repeats a failure.
 */
export function seeds(initial = DEFAULT_SEED_COUNT): number[] {
	const count = Number(process.env.TEST_SEEDS ?? initial);
	const first = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
	const all = Array.from({ length: count }, (_, i) => first + i);
	console.log(`seeds ${all[0]}…${all.at(-1)} (repeat with TEST_SEED=${all[0]} TEST_SEEDS=${count})`);
	return all;
}

/** mulberry32: 32 bits of state are plenty for choosing test cases. */
export function seededRandom(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
	return {
		seed,
		next,
		int,
		chance: (probability) => next() < probability,
		pick<T>(items: readonly T[]): T {
			if (items.length === 0) throw new Error("nothing to pick from");
			return items[int(0, items.length - 1)] as T;
		},
		shuffle<T>(items: readonly T[]): T[] {
			const result = [...items];
			for (let i = result.length - 1; i > 0; i--) {
				const j = int(0, i);
				const kept = result[i] as T;
				result[i] = result[j] as T;
				result[j] = kept;
			}
			return result;
		},
	};
}
