// What a secret looks like, as a rule: some literal words that must be there, and a search that is made only where one
// of them stands. A rule must never scan far and then find nothing, else hostile text costs quadratic time: whatever
// can run long ends in a find.

/** From (inclusive) and to (exclusive), in UTF-16 units. */
export type Span = readonly [from: number, to: number];

export interface SecretRule {
	/** Names the rule in tests and in `disableRules`. */
	name: string;
	/** The search is made where one of these begins; ASCII case is ignored here, the search may be stricter. */
	anchors: readonly string[];
	/** The anchors count only in the case in which they are written: spares a search at each "AC" of "replace". */
	exactCase?: boolean;
	/** `cut`: the text goes on where we cannot see it, so the beginning of a secret at its end counts as one. */
	find: (text: string, anchor: number, cut: boolean) => Span | undefined;
}

export interface Pattern {
	name: string;
	anchors: readonly string[];
	/** Sticky. Group 1, where there is one, is kept; the rest of the match goes. */
	pattern: RegExp;
	/** Tried at the end of a cut text. */
	open?: RegExp;
	/** The find grows to the left over these characters; fewer than `min` of them and it is none. */
	before?: { chars: RegExp; min: number };
}

/** Where a cut text ends; a mark of the cut and a line end may follow. */
export const CUT_END = "(?=[.…]{0,3}(?:\\n|$))";

/** What stands in the place of a secret. */
export const REDACTED = "[REDACTED]";

/** Fewer characters than this of a token whose rest was cut off help nobody. */
const HALF_MIN = 6;

export function patternRule({ name, anchors, pattern, open, before }: Pattern): SecretRule {
	return {
		name,
		anchors,
		exactCase: !pattern.ignoreCase,
		find: (text, anchor, cut) => {
			let from = anchor;
			if (before !== undefined) {
				while (from > 0 && before.chars.test(text[from - 1] as string)) from--;
				if (anchor - from < before.min) return undefined;
			}
			pattern.lastIndex = anchor;
			let match = pattern.exec(text);
			if (match === null && cut && open !== undefined) {
				open.lastIndex = anchor;
				match = open.exec(text);
			}
			if (match === null) return undefined;
			return [before === undefined ? anchor + (match[1]?.length ?? 0) : from, anchor + match[0].length];
		},
	};
}

/** A vendor's token: a fixed prefix, then at least `min` characters of a class. */
export function vendorToken(
	name: string,
	prefixes: string | readonly string[],
	chars: string,
	min: number,
): SecretRule {
	const anchors = typeof prefixes === "string" ? [prefixes] : prefixes;
	const prefix = `(?:${anchors.map(quote).join("|")})`;
	return patternRule({
		name,
		anchors,
		pattern: new RegExp(`${prefix}[${chars}]{${min},}`, "y"),
		open: new RegExp(`${prefix}[${chars}]{${HALF_MIN},}${CUT_END}`, "y"),
	});
}

/** Where a sticky pattern's match ends that begins at `at`. */
export function endOf(sticky: RegExp, text: string, at: number): number | undefined {
	sticky.lastIndex = at;
	const match = sticky.exec(text);
	return match === null ? undefined : at + match[0].length;
}

export function quote(literal: string): string {
	return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
