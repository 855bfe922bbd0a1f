// A tool's name and its input come in; out goes one line that tells a person what the call is about, without anything
// that only level `full` may tell: never a prompt, never the content of a file, never an argument of a foreign tool.

import type { Json } from "../model/fact.ts";

export function summarizeInput(toolName: string | undefined, input: Json): string {
	const read = (key: string) => readText(input, key);
	switch (toolName) {
		case "Bash":
		case "PowerShell":
			return read("command");
		case "Read":
		case "Write":
		case "Edit":
		case "MultiEdit":
			return read("file_path");
		case "NotebookEdit":
		case "NotebookRead":
			return read("notebook_path");
		case "LS":
			return read("path");
		case "Grep":
		case "Glob":
			return joinTexts(" in ", read("pattern"), read("path"));
		case "WebFetch":
			return withoutUserAndQuery(read("url"));
		case "WebSearch":
			return read("query");
		case "Agent":
		case "Task":
			return joinTexts(": ", read("subagent_type"), read("description"));
		case "Skill":
			return read("skill");
		case "SendMessage":
			return read("to");
		case "TaskUpdate":
			return joinTexts(" ", read("taskId"), read("status"));
		case "TaskGet":
			return read("taskId");
		case "TaskOutput":
		case "TaskStop":
			return read("task_id");
		default:
			return keyNames(input);
	}
}

function joinTexts(between: string, ...texts: string[]): string {
	return texts.filter((text) => text !== "").join(between);
}

function readText(input: Json, key: string): string {
	if (input === null || typeof input !== "object" || Array.isArray(input)) return "";
	const value = input[key];
	return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function withoutUserAndQuery(url: string): string {
	return url.replace(/[?#][^]*$/, "").replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)[^/]*@/i, "$1");
}

function keyNames(input: Json): string {
	if (input === null || typeof input !== "object" || Array.isArray(input)) return "";
	return Object.keys(input).toSorted().join(", ");
}
