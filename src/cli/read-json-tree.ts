// The text of a settings file → its tree, and where it is no JSON. Strict JSON only, because Claude Code ignores a file
// with so much as a comment in it.
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

export interface Position {
	line: number;
	column: number;
}

export interface JsonTree {
	tree: Node | undefined;
	/** The first one. */
	mistake?: Position & { problem: string };
}

/** Throws a RangeError where it lies too deep: the parser goes into depth by recursion. */
export function readJsonTree(text: string): JsonTree {
	const errors: ParseError[] = [];
	const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
	const [first] = errors;
	if (first === undefined) return { tree };
	return { tree, mistake: { ...positionOf(text, first.offset), problem: wordsOf(printParseErrorCode(first.error)) } };
}

export function positionOf(text: string, offset: number): Position {
	const before = text.slice(0, offset).split(/\r\n|\r|\n/);
	return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** "CommaExpected" → "comma expected". */
function wordsOf(code: string): string {
	return code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
