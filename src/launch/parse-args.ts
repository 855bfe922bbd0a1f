// claude's argument list → flags with their values, and operands, read as claude's own parser reads them: a prompt that
// looks like a flag's value, or a value that looks like a flag, is not mistaken.
import { type Arity, FLAG_ARITY, FLAG_NAMES } from "./claude-flags.ts";

export interface ArgValue {
	text: string;
	/** Where it stands: its own argument, or the one that it shares with its flag. */
	index: number;
	/** Written as `--flag=value` or `-fvalue`. */
	attached: boolean;
}

export type Arg =
	| { kind: "flag"; name: string; known: boolean; text: string; values: ArgValue[] }
	| { kind: "operand"; text: string; index: number }
	| { kind: "separator" };

export function parseArgs(args: readonly string[]): Arg[] {
	const parsed: Arg[] = [];
	let index = 0;
	while (index < args.length) {
		const text = args[index] as string;
		if (text === "--") {
			parsed.push({ kind: "separator" });
			for (index++; index < args.length; index++) parsed.push({ kind: "operand", text: args[index] as string, index });
		} else if (looksLikeFlag(text)) {
			index = readFlag(args, index, text, parsed);
		} else {
			parsed.push({ kind: "operand", text, index });
			index++;
		}
	}
	return parsed;
}

/** Reads one flag, or several short ones in one argument; answers where to go on. */
function readFlag(args: readonly string[], index: number, text: string, parsed: Arg[]): number {
	const arity = FLAG_ARITY.get(text);
	if (arity !== undefined) {
		const end = endOfValues(args, index + 1, arity);
		const values = args
			.slice(index + 1, end)
			.map((value, nth) => ({ text: value, index: index + 1 + nth, attached: false }));
		parsed.push({ kind: "flag", name: nameOf(text), known: true, text, values });
		return end;
	}
	const equals = text.indexOf("=");
	if (text.startsWith("--")) {
		const flag = equals < 0 ? text : text.slice(0, equals);
		const values = equals < 0 ? [] : [{ text: text.slice(equals + 1), index, attached: true }];
		parsed.push({ kind: "flag", name: nameOf(flag), known: FLAG_ARITY.has(flag), text: flag, values });
		return index + 1;
	}
	const short = text.slice(0, 2);
	const shortArity = FLAG_ARITY.get(short);
	if (shortArity === undefined) {
		parsed.push({ kind: "flag", name: text, known: false, text, values: [] });
		return index + 1;
	}
	if (shortArity !== "none") {
		parsed.push({
			kind: "flag",
			name: nameOf(short),
			known: true,
			text: short,
			values: [{ text: text.slice(2), index, attached: true }],
		});
		return index + 1;
	}
	parsed.push({ kind: "flag", name: nameOf(short), known: true, text: short, values: [] });
	// `-pc` is `-p -c`: the rest is read as if it stood in this place alone.
	const rest = [...args];
	rest[index] = `-${text.slice(2)}`;
	return readFlag(rest, index, rest[index] as string, parsed);
}

/** Where the values of a flag end that stands before `from`. */
function endOfValues(args: readonly string[], from: number, arity: Arity): number {
	const isValue = (index: number) => index < args.length && !looksLikeFlag(args[index] as string);
	if (arity === "none") return from;
	if (arity === "optional") return isValue(from) ? from + 1 : from;
	// The first value is taken whatever it looks like.
	let end = Math.min(from + 1, args.length);
	if (arity === "many") while (isValue(end)) end++;
	return end;
}

function nameOf(flag: string): string {
	return FLAG_NAMES[flag] ?? flag;
}

function looksLikeFlag(text: string): boolean {
	return text.length > 1 && text.startsWith("-");
}
