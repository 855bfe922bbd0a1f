// JSON text and a place in it → the same text with one more or one less there. What is added is written as its neighbours
// are: each on a line of its own with their indentation, or all in one line. No other byte changes.
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";

/** `name`: the member's, where the place is an object. The text must be JSON and the place must be there. */
export function insertJson(text: string, place: (string | number)[], name: string | undefined, value: unknown): string {
	const root = parseTree(text);
	const container = root && findNodeAtLocation(root, place);
	if (container === undefined) throw new Error(`There is no ${place.join(".")} in the settings.`);
	const layout = layoutOf(text);
	const key = name === undefined ? "" : `${JSON.stringify(name)}:${layout.oneLine ? "" : " "}`;
	const first = container.children?.[0];
	if (first === undefined) {
		const outer = indentationOf(text, container.offset);
		const written = layout.oneLine
			? key + JSON.stringify(value)
			: `${layout.eol}${outer}${layout.unit}${key}${pretty(value, outer + layout.unit, layout)}${layout.eol}${outer}`;
		return splice(text, container.offset + 1, endOf(container) - 1, written);
	}
	const ownLines = text.slice(container.offset, first.offset).includes("\n");
	const indentation = indentationOf(text, first.offset);
	const written = ownLines
		? `,${layout.eol}${indentation}${key}${pretty(value, indentation, layout)}`
		: `,${layout.oneLine ? "" : " "}${key}${JSON.stringify(value)}`;
	const end = endOf(container.children?.at(-1) ?? first);
	return splice(text, end, end, written);
}

/** Takes the member or element away, with its comma; a place that is not there leaves the text as it is. */
export function removeJson(text: string, place: (string | number)[]): string {
	const root = parseTree(text);
	const value = root && findNodeAtLocation(root, place);
	// Of a member, the value's parent is key and value together.
	const node = value?.parent?.type === "property" ? value.parent : value;
	const siblings = node?.parent?.children;
	if (node?.parent === undefined || siblings === undefined) return text;
	const at = siblings.indexOf(node);
	const previous = siblings[at - 1];
	const next = siblings[at + 1];
	if (previous !== undefined) return splice(text, endOf(previous), endOf(node), "");
	if (next !== undefined) return splice(text, node.offset, next.offset, "");
	return splice(text, node.parent.offset + 1, endOf(node.parent) - 1, "");
}

interface Layout {
	unit: string;
	eol: string;
	/** The whole file is one line, and not just an empty object. */
	oneLine: boolean;
}

/** By the file's first indented line. */
function layoutOf(text: string): Layout {
	const body = text.trim();
	return {
		unit: /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ",
		eol: text.includes("\r\n") ? "\r\n" : "\n",
		oneLine: !body.includes("\n") && !/^\{\s*\}$/.test(body),
	};
}

function pretty(value: unknown, indentation: string, { unit, eol }: Layout): string {
	return JSON.stringify(value, undefined, unit).replaceAll("\n", `${eol}${indentation}`);
}

/** Of the line on which the offset lies. */
function indentationOf(text: string, offset: number): string {
	const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
	return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? "";
}

function endOf(node: Node): number {
	return node.offset + node.length;
}

function splice(text: string, from: number, to: number, written: string): string {
	return text.slice(0, from) + written + text.slice(to);
}
