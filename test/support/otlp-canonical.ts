// OTLP/JSON from two writers → the same, where they say the same.

/** Numbers as text, and without what says nothing: JSON writes zeros and empty lists that protobuf leaves out. */
export function canonical(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(canonical);
	if (typeof value === "number" || typeof value === "boolean") return String(value);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).map(([key, item]) => [key, canonical(item)] as const);
	return Object.fromEntries(
		entries.filter(([key, item]) => {
			const chosen = /Value$|^as(?:Int|Double)$/.test(key);
			return chosen || !(item === "0" || item === "false" || item === "" || (Array.isArray(item) && item.length === 0));
		}),
	);
}
