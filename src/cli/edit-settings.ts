// The text of a settings file → the same text with our hooks in it, or without them: nothing else moves, neither order
// nor indentation.
import { findNodeAtLocation, type Node } from "jsonc-parser";
import { quote } from "../errors.ts";
import type { HookHandler } from "../launch/hook-settings.ts";
import type { Json } from "../model/fact.ts";
import { isShallow } from "../nesting.ts";
import { insertJson, removeJson } from "./edit-json.ts";
import { isOurs, isPredecessors } from "./installed-hooks.ts";
import { type JsonTree, positionOf, readJsonTree } from "./read-json-tree.ts";
import { cliMistakes } from "./sentences.ts";

export interface Removed {
	text: string;
	ours: number;
	predecessors: number;
}

type Settings = Record<string, Json>;
type Path = (string | number)[];

/** Throws a UserMistake with line and column where the text is no JSON, or its hooks are not what Claude Code expects. */
export function checkSettings(text: string, file: string): void {
	if (text.startsWith("\uFEFF")) throw cliMistakes.settingsWithMark(file);
	const { tree, mistake } = readInDepth(text, file);
	if (mistake !== undefined) {
		throw cliMistakes.settingsNotJson(file, mistake.line, mistake.column, mistake.problem);
	}
	const twice = repeatedKey(tree) ?? repeatedKey(tree && findNodeAtLocation(tree, ["hooks"]));
	if (twice !== undefined) {
		const { line, column } = positionOf(text, twice.offset);
		throw cliMistakes.settingsKeyTwice(file, line, column, String(twice.value));
	}
	const settings: Json = JSON.parse(text);
	if (!isShallow(settings)) throw cliMistakes.settingsTooDeep(file);
	if (!isObject(settings)) throw cliMistakes.settingsNotObject(file, "its content");
	if (settings.hooks === undefined) return;
	if (!isObject(settings.hooks)) throw cliMistakes.settingsNotObject(file, '"hooks"');
	for (const [event, groups] of Object.entries(settings.hooks)) {
		if (!Array.isArray(groups)) throw cliMistakes.settingsNotObject(file, `"hooks".${quote(event)}`);
	}
}

function readInDepth(text: string, file: string): JsonTree {
	try {
		return readJsonTree(text);
	} catch (error) {
		if (error instanceof RangeError) throw cliMistakes.settingsTooDeep(file);
		throw error;
	}
}

/** Of a key that stands twice the last one counts, and an edit of the first would change nothing. */
function repeatedKey(object: Node | undefined): Node | undefined {
	const seen = new Set<unknown>();
	for (const property of object?.type === "object" ? (object.children ?? []) : []) {
		const key = property.children?.[0];
		if (key !== undefined && seen.has(key.value)) return key;
		seen.add(key?.value);
	}
	return undefined;
}

/** For a text that checkSettings let through, as are those below. */
export function addHooks(text: string, events: readonly string[], handler: HookHandler): string {
	const group = { hooks: [handler] };
	if (JSON.parse(text).hooks === undefined) {
		return insertJson(text, [], "hooks", Object.fromEntries(events.map((event) => [event, [group]])));
	}
	let edited = text;
	for (const event of events) {
		edited = Object.hasOwn(hooksOf(edited), event)
			? insertJson(edited, ["hooks", event], undefined, group)
			: insertJson(edited, ["hooks"], event, [group]);
	}
	return edited;
}

/** Takes out the handlers that are ours, and the predecessor's where asked; then what is empty because of that. */
export function removeHooks(text: string, alsoPredecessors: boolean): Removed {
	const removed: Removed = { text, ours: 0, predecessors: 0 };
	const drop = (path: Path) => {
		removed.text = removeJson(removed.text, path);
	};
	const hooks = hooksOf(text);
	for (const [event, groups] of Object.entries(hooks)) {
		let left = groups.length;
		// From behind, so that the places in front stay what they are.
		for (const [index, group] of [...groups.entries()].toReversed()) {
			const handlers = handlersOf([group]);
			const doomed = [...handlers.entries()].filter(([, handler]) => isDoomed(handler)).map(([nth]) => nth);
			if (doomed.length === 0) continue;
			if (doomed.length < handlers.length)
				for (const nth of doomed.toReversed()) drop(["hooks", event, index, "hooks", nth]);
			else if (--left > 0) drop(["hooks", event, index]);
		}
		if (left === 0 && groups.length > 0) drop(["hooks", event]);
	}
	if (removed.text !== text && Object.keys(hooksOf(removed.text)).length === 0) drop(["hooks"]);
	return removed;

	function isDoomed(handler: Json): boolean {
		if (isOurs(handler)) removed.ours++;
		else if (alsoPredecessors && isPredecessors(handler)) removed.predecessors++;
		else return false;
		return true;
	}
}

/** Every event has our handler once, as it is now, and nobody has the predecessor's. */
export function hasHooks(text: string, events: readonly string[], handler: HookHandler): boolean {
	const hooks = hooksOf(text);
	const { ours, predecessors } = countHooks(text);
	const wanted = JSON.stringify(handler);
	const complete = events.every(
		(event) => handlersOf(hooks[event] ?? []).filter((one) => JSON.stringify(one) === wanted).length === 1,
	);
	return complete && ours === events.length && predecessors === 0;
}

export function countHooks(text: string): { ours: number; predecessors: number } {
	const handlers = handlersOf(Object.values(hooksOf(text)).flat());
	return { ours: handlers.filter(isOurs).length, predecessors: handlers.filter(isPredecessors).length };
}

function handlersOf(groups: readonly Json[]): Json[] {
	return groups.flatMap((group) => (isObject(group) && Array.isArray(group.hooks) ? group.hooks : []));
}

function hooksOf(text: string): Record<string, Json[]> {
	const settings = JSON.parse(text) as Settings;
	return (settings.hooks ?? {}) as Record<string, Json[]>;
}

function isObject(json: Json): json is Settings {
	return typeof json === "object" && json !== null && !Array.isArray(json);
}
