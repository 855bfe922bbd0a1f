// How much of a list of cases is played. In: the cases. Out: all of them with TEST_EVERY=1 (`npm run test:long` sets it), else
// a few, others in each run; which ones is printed.

export function some<T>(cases: readonly T[], count = 1): T[] {
	if (process.env.TEST_EVERY === "1" || cases.length <= count) return [...cases];
	const first = Number(process.env.TEST_SEED ?? Date.now()) % cases.length;
	const chosen = Array.from({ length: count }, (_, at) => cases[(first + at) % cases.length] as T);
	console.log(`${count} of ${cases.length} cases, from the one with number ${first} (all of them with TEST_EVERY=1)`);
	return chosen;
}
