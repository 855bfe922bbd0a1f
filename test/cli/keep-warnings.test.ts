import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { keepWarnings } from "../../src/cli/keep-warnings.ts";

test("Node's warnings go to the diagnostics, not to the terminal, until they are let go again", () => {
	const process = new EventEmitter() as NodeJS.Process;
	const terminal: string[] = [];
	process.on("warning", ({ message }) => terminal.push(message));
	const said: string[] = [];
	const diagnostics = { say: (_: string, message: string) => said.push(message), release() {}, close() {} };
	const release = keepWarnings(process, diagnostics);
	process.emit("warning", Object.assign(new Error("this is old"), { name: "DeprecationWarning" }));
	expect([said, terminal]).toEqual([["node: DeprecationWarning: this is old"], []]);
	release();
	process.emit("warning", new Error("later"));
	expect([said.length, terminal]).toEqual([1, ["later"]]);
});
