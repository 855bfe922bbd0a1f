// A tool call's input and result → the few words that say what it does and what came of it.
import { isAbsolute, relative } from "node:path";
import { endOf, oneLine, plainText } from "./plain-text.ts";

type Input = Readonly<Record<string, unknown>>;

/** Of which of its values a tool is known, in the order in which they are looked for. */
const TELLING = [
	"command",
	"file_path",
	"notebook_path",
	"pattern",
	"url",
	"query",
	"skill",
	"description",
	"prompt",
	"path",
	"subject",
	"plan",
];
const PATHS: ReadonlySet<string> = new Set(["file_path", "notebook_path", "path"]);

/** An MCP server's `mcp__server__tool` reads as `server: tool`. */
export function toolName(name: string): string {
	const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
	return oneLine(server === undefined ? name : `${server}: ${tool}`, 60);
}

export function inputWords(input: unknown, cwd: string, columns: number): string {
	if (!isInput(input)) return input === undefined || input === null ? "" : oneLine(String(input), columns);
	const key = TELLING.find((name) => typeof input[name] === "string" && input[name] !== "");
	if (key === undefined) return Object.keys(input).length === 0 ? "" : oneLine(JSON.stringify(input), columns);
	const value = String(input[key]);
	return PATHS.has(key) ? endOf(nearPath(value, cwd), columns) : oneLine(value, columns);
}

/** The first line that says something, and how many there are beside it. */
export function resultWords(content: unknown, columns: number): string {
	const lines = plainText(textOf(content))
		.replaceAll(/<\/?tool_use_error>/g, "")
		.split("\n")
		.filter((line) => line.trim() !== "");
	// How it ended says little without why.
	if (lines.length > 1 && /^Exit code \d+$/.test(lines[0] ?? "")) lines.unshift(`${lines.shift()}: ${lines.shift()}`);
	const [first = ""] = lines;
	const more = lines.length > 1 ? ` (+${lines.length - 1} ${lines.length === 2 ? "line" : "lines"})` : "";
	return first === "" ? "" : `${oneLine(first, Math.max(columns - more.length, 1))}${more}`;
}

/** All of an input, for somebody who must decide: lines of `name: value`. */
export function inputLines(input: Input, cwd: string, linesMax: number): string[] {
	const all = Object.entries(input).flatMap(([name, value]) => {
		const text = typeof value === "string" ? value : JSON.stringify(value);
		const shown = PATHS.has(name) ? nearPath(text, cwd) : text;
		const [first = "", ...more] = plainText(shown).split("\n");
		return [`${plainText(name)}: ${first}`, ...more.map((line) => `  ${line}`)];
	});
	const left = all.length - linesMax;
	return left <= 0 ? all : [...all.slice(0, linesMax), `… and ${left} more ${left === 1 ? "line" : "lines"}`];
}

function textOf(content: unknown): string {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content
		.map((block: { type?: string; text?: string }) => block.text ?? `[${block.type ?? "something"}]`)
		.join("\n");
}

function nearPath(path: string, cwd: string): string {
	if (!isAbsolute(path)) return path;
	const near = relative(cwd, path);
	return near === "" || near.startsWith("..") ? path : near;
}

function isInput(input: unknown): input is Input {
	return typeof input === "object" && input !== null && !Array.isArray(input);
}
