// A value as JSON.parse gives it → whether lists and objects lie in one another no deeper than a limit, or what is left
// of it above that limit. JSON.parse takes any depth, but whatever writes or walks a value later does so by recursion.

/** Nothing that Claude Code or a person writes comes near; far below what the stack holds. */
export const NESTING_MAX = 100;

export function isShallow(value: unknown, left = NESTING_MAX): boolean {
	if (typeof value !== "object" || value === null) return true;
	return left > 0 && Object.values(value).every((item) => isShallow(item, left - 1));
}

/** The same value, in which null now stands for what lies deeper. */
export function cutNesting<T>(value: T, left = NESTING_MAX): T {
	if (typeof value !== "object" || value === null) return value;
	const holder = value as Record<string, unknown>;
	for (const key of Object.keys(holder)) {
		const item = holder[key];
		if (typeof item !== "object" || item === null) continue;
		if (left > 1) cutNesting(item, left - 1);
		else holder[key] = null;
	}
	return value;
}
