// Comes in: the tables, and the configuration that was read. Goes out: the rows of `claude-otel --config`
// with their origins and without a secret, and the sections and Markdown tables of docs/configuration.md.
import { BACKEND_TABLE } from "./backend-table.ts";
import { BACKEND_ROW } from "./backends.ts";
import { OTEL_ROWS } from "./otel-table.ts";
import { SIGNAL_ROWS } from "./otlp-table.ts";
import { PLACE_VARIABLES } from "./paths.ts";
import { type Described, type Row, show, variablesOf } from "./row.ts";
import { OWN_ROWS } from "./table.ts";

export function describeConfig(loaded: { origins: readonly (() => Described)[] }): Described[] {
	return loaded.origins.map((describe) => describe());
}

export interface ConfigurationSection {
	title: string;
	intro?: string;
	rows: { variables: readonly string[]; initial: string; meaning: string }[];
}

export function configurationSections(): ConfigurationSection[] {
	return [
		{ title: "Settings of claude-otel", rows: Object.values(OWN_ROWS).map(described) },
		{
			title: "Back ends",
			intro:
				"[back-ends.md](back-ends.md) tells what each of them takes. The variables of a back end count only where it is chosen.",
			rows: [BACKEND_ROW, ...Object.values(BACKEND_TABLE).flatMap(rowsOf)].map(described),
		},
		{
			title: "Where telemetry goes",
			intro:
				"Each of these also exists for one signal, and then wins: `OTEL_EXPORTER_OTLP_TRACES_…`, `OTEL_EXPORTER_OTLP_METRICS_…`, `OTEL_EXPORTER_OTLP_LOGS_…`.",
			rows: Object.values(SIGNAL_ROWS).map(described),
		},
		{ title: "Other standard variables", rows: Object.values(OTEL_ROWS).map(described) },
		{
			title: "Places and the trace around us",
			rows: PLACE_VARIABLES.map(([variable, initial, meaning]) => ({ variables: [variable], initial, meaning })),
		},
	];
}

export function configurationTable(): string {
	return `${configurationSections().map(table).join("\n\n")}\n`;
}

function rowsOf({ needed, optional }: (typeof BACKEND_TABLE)[keyof typeof BACKEND_TABLE]): Row<unknown>[] {
	return [...Object.values(needed), ...Object.values(optional)];
}

function described(row: Row<unknown>): ConfigurationSection["rows"][number] {
	return { variables: variablesOf(row), initial: row.initialText ?? show(row.initial), meaning: row.meaning };
}

function table({ title, intro, rows }: ConfigurationSection): string {
	return [
		`## ${title}`,
		...(intro === undefined ? [] : [intro]),
		"",
		"| variable | default | meaning |",
		"|---|---|---|",
		...rows.map(({ variables, initial, meaning }) =>
			cells([variables.map((variable) => `\`${variable}\``).join(", "), initial, meaning]),
		),
	].join("\n");
}

function cells(texts: string[]): string {
	return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
