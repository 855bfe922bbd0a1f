// `claude-otel --config` → every setting with its value and where it comes from, and what is odd about them.
import { describeConfig } from "../../config.ts";
import type { OwnContext } from "../program.ts";

export async function showConfig({ process, loaded }: OwnContext): Promise<number> {
	const rows = describeConfig(loaded);
	const nameWidth = widest(rows.map((row) => row.name));
	const valueWidth = Math.min(widest(rows.map((row) => row.value)), VALUE_WIDTH_MAX);
	for (const { name, value, origin } of rows) {
		process.stdout.write(`${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}\n`);
	}
	for (const problem of loaded.problems) process.stdout.write(`\n${problem}\n`);
	return 0;
}

/** A longer value pushes its own origin aside, not everybody's. */
const VALUE_WIDTH_MAX = 40;

function widest(texts: readonly string[]): number {
	return Math.max(...texts.map((text) => text.length));
}
