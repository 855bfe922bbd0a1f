// The table of sources in docs/telemetry.md. In: the page. Out: its rows, by the names of its columns.

export type SourcesRow = { sources: string; cells: Record<string, string> };

const HEADING = "### With some sources only";

export function sourcesTable(page: string): SourcesRow[] {
	const lines = page.slice(page.indexOf(`\n${HEADING}\n`)).split("\n");
	const from = lines.findIndex((line) => line.startsWith("|"));
	const table = lines.slice(from, from + lines.slice(from).findIndex((line) => !line.startsWith("|")));
	const [head = [], _rule, ...rows] = table.map((line) =>
		line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);
	return rows.map(([sources = "", ...cells]) => ({
		sources: sources.replaceAll(" ", ""),
		cells: Object.fromEntries(cells.map((cell, at) => [head[at + 1] ?? "", cell])),
	}));
}
