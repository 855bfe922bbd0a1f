// Names are a contract: what is emitted, the table of names, and docs/telemetry.md say the same.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
	ATTRIBUTES,
	BACKEND_ATTRIBUTES,
	CANARY,
	METRICS,
	PROCESS_METRICS,
	RECORDS,
	SPANS,
} from "../../src/signals/names.ts";
import { playRun, scenarios } from "../flows/play.ts";
import type { Exported } from "./in-memory.ts";
import { nativeStory, storyOf, tell } from "./story.ts";

const PAGE = readFileSync(new URL("../../docs/telemetry.md", import.meta.url), "utf8");
const BACKENDS_PAGE = readFileSync(new URL("../../docs/back-ends.md", import.meta.url), "utf8");

/** Rows of the table whose header begins with these columns, cells without their backticks. */
function table(...header: string[]): string[][] {
	return tableIn(PAGE, ...header);
}

function tableIn(page: string, ...header: string[]): string[][] {
	const lines = page.split("\n");
	const start = lines.findIndex((line) => line.startsWith(`| ${header.join(" | ")} |`));
	if (start === -1) throw new Error(`the page has no table with the columns ${header.join(", ")}`);
	const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
	return lines.slice(start + 2, end).map((line) =>
		line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim().replaceAll("`", "")),
	);
}

function firstColumn(rows: string[][]): string[] {
	return rows.map(([name]) => name ?? "").toSorted();
}

describe("docs/telemetry.md", () => {
	test("has the spans of the table of names, and no others", () => {
		expect(firstColumn(table("span", "kind"))).toEqual([...SPANS].toSorted());
	});

	test("has the attributes of the table of names, and no others, with the same meaning", () => {
		const rows = table("attribute", "on", "meaning");
		expect(firstColumn(rows)).toEqual(Object.keys(ATTRIBUTES).toSorted());
		expect(Object.fromEntries(rows.map(([name, , meaning]) => [name, meaning]))).toEqual(ATTRIBUTES);
	});

	test("has the metrics of the table of names, and no others, with kind, unit and attributes", () => {
		const told = table("metric", "kind", "unit", "attributes").map(([name, kind, unit, attributes]) => {
			return [name, kind, unit, attributes === "none" ? "" : attributes];
		});
		const rows = Object.entries({ ...METRICS, ...PROCESS_METRICS }).map(([name, { kind, unit, attributes }]) => {
			return [name, kind, unit, attributes.join(", ")];
		});
		expect(told.toSorted()).toEqual(rows.toSorted());
	});

	test("has the records of the table of names, and no others", () => {
		expect(firstColumn(table("record", "severity"))).toEqual([...RECORDS].toSorted());
	});
});

test("docs/telemetry.md names what `claude-otel check` sends", () => {
	for (const name of Object.values(CANARY)) expect(PAGE).toContain(`\`${name}\``);
});

test("docs/back-ends.md has the attributes for one back end, and no others, with the same meaning", () => {
	const rows = Object.entries(BACKEND_ATTRIBUTES).flatMap(([name, attributes]) =>
		Object.entries(attributes).map(([attribute, meaning]) => [attribute, name, meaning]),
	);
	expect(tableIn(BACKENDS_PAGE, "attribute", "for", "meaning")).toEqual(rows);
});

describe("what is emitted", () => {
	const attributeNames = ({ spans, records }: Exported) =>
		[
			...spans.flatMap(({ attributes, events }) => [attributes, ...events.map((event) => event.attributes ?? {})]),
			...records.map(({ attributes }) => attributes),
		].flatMap((attributes) => Object.keys(attributes));
	const inTable = (name: string) => name.replace(/^(tool\.(?:input|response))\..+$/, "$1.<key>");

	test.each(scenarios())("$name: has no name that is not in the table", async (scenario) => {
		for (const index of scenario.runs.keys()) {
			const exported = await playRun(scenario, index, { level: "full" });
			expect(attributeNames(exported).filter((name) => !(inTable(name) in ATTRIBUTES))).toEqual([]);
			expect(exported.points.filter(({ name }) => !(name in METRICS))).toEqual([]);
			expect(exported.records.filter(({ eventName }) => !RECORDS.some((name) => name === eventName))).toEqual([]);
			const pattern = new RegExp(`^(?:${SPANS.map((name) => name.replace(/ \{.+\}/, " .+")).join("|")})$`);
			expect(exported.spans.filter(({ name }) => !pattern.test(name))).toEqual([]);
		}
	});

	test("over all scenarios and options is every attribute, and every metric that sessions can fill", async () => {
		const all = new Set<string>();
		const metrics = new Set<string>();
		const note = (exported: Exported) => {
			for (const name of attributeNames(exported)) all.add(inTable(name));
			for (const { name } of exported.points) metrics.add(name);
		};
		for (const scenario of scenarios()) note(await playRun(scenario, 0, { level: "full" }));
		note(await tell(storyOf(), { semconv: "both", deniedModels: ["*"] }));
		note(await tell(nativeStory()));
		expect(Object.keys(ATTRIBUTES).filter((name) => !all.has(name))).toEqual(NOT_IN_SCENARIOS);
		const ours = Object.keys(METRICS).filter((name) => /^(?:claude\.|gen_ai\.)/.test(name));
		expect(ours.filter((name) => !metrics.has(name))).toEqual([]);
	});
});

/** Every model of the scenarios has a price of its own. */
const NOT_IN_SCENARIOS = ["claude.cost_estimated"];
