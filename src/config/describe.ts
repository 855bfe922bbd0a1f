// Comes in: the tables, and the configuration that was read. Goes out: the rows of `claude-otel --config`
// with their origins and without a secret, and the Markdown tables of docs/configuration.md.
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

export function configurationTable(): string {
	return [
		"## Settings of claude-otel",
		...table(Object.values(OWN_ROWS)),
		"",
		"## Back ends",
		"[back-ends.md](back-ends.md) tells what each of them takes. The variables of a back end count only where it is chosen.",
		...table([BACKEND_ROW, ...Object.values(BACKEND_TABLE).flatMap(rowsOf)]),
		"",
		"## Where telemetry goes",
		"Each of these also exists for one signal, and then wins: `OTEL_EXPORTER_OTLP_TRACES_…`, `OTEL_EXPORTER_OTLP_METRICS_…`, `OTEL_EXPORTER_OTLP_LOGS_…`.",
		...table(Object.values(SIGNAL_ROWS)),
		"",
		"## Other standard variables",
		...table(Object.values(OTEL_ROWS)),
		"",
		"## Places and the trace around us",
		...HEADER,
		...PLACE_VARIABLES.map(([variable, initial, meaning]) => cells([`\`${variable}\``, initial, meaning])),
		"",
	].join("\n");
}

function rowsOf({ needed, optional }: (typeof BACKEND_TABLE)[keyof typeof BACKEND_TABLE]): Row<unknown>[] {
	return [...Object.values(needed), ...Object.values(optional)];
}

const HEADER = ["", "| variable | default | meaning |", "|---|---|---|"];

function table(rows: Row<unknown>[]): string[] {
	return [...HEADER, ...rows.map(line)];
}

function line(row: Row<unknown>): string {
	const variables = variablesOf(row).map((variable) => `\`${variable}\``);
	return cells([variables.join(", "), row.initialText ?? show(row.initial), row.meaning]);
}

function cells(texts: string[]): string {
	return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
