// Patterns of names in which `*` stands for any characters.

/** Whole names, letter case as written. */
export function matchWildcard(pattern: string): (name: string) => boolean {
	const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
	const expression = new RegExp(`^${parts.join(".*")}$`);
	return (name) => expression.test(name);
}
