// Node's warnings of this process, which it would write to the terminal while claude owns it → our diagnostics.
import type { Diagnostics } from "../diagnostics.ts";

/** Gives what puts it back. */
export function keepWarnings(process: NodeJS.Process, diagnostics: Diagnostics): () => void {
	const before = process.listeners("warning");
	const say = ({ name, message }: Error) => diagnostics.say("warn", `node: ${name}: ${message}`);
	process.removeAllListeners("warning").on("warning", say);
	return () => {
		process.off("warning", say);
		for (const listener of before) process.on("warning", listener);
	};
}
