// The tools that claude has, and the calls that were made → a panel: used ones first, each with its number.
import { showPanel } from "./panel.ts";
import { replWords } from "./sentences.ts";
import type { Theme } from "./theme.ts";
import { toolName } from "./tool-words.ts";

export function showTools(
	/** Undefined: nobody has said it yet. */
	tools: readonly string[] | undefined,
	calls: ReadonlyMap<string, number>,
	{ color, icons }: Theme,
	columns: number,
): string[] {
	if (tools === undefined) return [color.dim(replWords.toolsUnknown())];
	const used = [...calls].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
	const unused = tools.filter((name) => !calls.has(name)).toSorted();
	const words = [...used.map(([name, count]) => `${toolName(name)} ${count}`), ...unused.map(toolName)];
	return showPanel(`${icons.tool} ${tools.length} tools`, [words.join(", ")], { columns, color });
}
