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
	type RecordName,
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

/** All the sums of tokens are one word there. */
function attributesCell(attributes: (typeof RECORDS)[RecordName]): string {
	if (attributes === "span") return "those of its span";
	return [...new Set(attributes.map((name) => (name.startsWith("tokens.") ? "tokens.…" : name)))].join(", ");
}

/** What a record has and ought not to have, or has not and ought to have. */
function oddAttributes(record: Exported["records"][number], spans: Exported["spans"]): string[] {
	const { eventName, attributes, spanContext } = record;
	const allowed = RECORDS[eventName as RecordName];
	const span = spans.find((found) => found.spanContext().spanId === spanContext?.spanId)?.attributes ?? {};
	const names = Object.keys(attributes).filter((name) => !OF_EVERY_RECORD.includes(name));
	const odd = (name: string) => `${eventName} ${name}`;
	if (allowed !== "span") return names.filter((name) => !allowed.some((one) => one === name)).map(odd);
	const all = [...new Set([...names, ...Object.keys(span).filter((name) => !OF_EVERY_RECORD.includes(name))])];
	return all.filter((name) => JSON.stringify(attributes[name]) !== JSON.stringify(span[name])).map(odd);
}

const OF_EVERY_RECORD = ["event.name", "log.record.uid", "session.id", "gen_ai.conversation.id", "prompt.id"];

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
		expect(firstColumn(table("record", "severity"))).toEqual(Object.keys(RECORDS).toSorted());
	});

	test("has the attributes of each record, as the table of names has them", () => {
		const told = table("record", "severity", "attributes").map(([name, , attributes]) => [name, attributes]);
		const rows = Object.entries(RECORDS).map(([name, attributes]) => [name, attributesCell(attributes)]);
		expect(told).toEqual(rows);
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

	const severities = new Map(table("record", "severity").map(([name = "", severity = ""]) => [name, severity]));

	test.each(scenarios())("$name: has no name that is not in the table", async (scenario) => {
		for (const index of scenario.runs.keys()) {
			const exported = await playRun(scenario, index, { level: "full" });
			expect(attributeNames(exported).filter((name) => !(inTable(name) in ATTRIBUTES))).toEqual([]);
			expect(exported.points.filter(({ name }) => !(name in METRICS))).toEqual([]);
			expect(exported.records.filter(({ eventName }) => !(String(eventName) in RECORDS))).toEqual([]);
			expect(exported.records.flatMap((record) => oddAttributes(record, exported.spans))).toEqual([]);
			const otherwise = exported.records.filter(
				({ eventName, severityText }) => severities.get(String(eventName))?.includes(String(severityText)) !== true,
			);
			expect(otherwise).toEqual([]);
			const pattern = new RegExp(`^(?:${SPANS.map((name) => name.replace(/ \{.+\}/, " .+")).join("|")})$`);
			expect(exported.spans.filter(({ name }) => !pattern.test(name))).toEqual([]);
		}
	});

	test("is on the spans that the page names, each attribute on each of them", async () => {
		const found = new Set<string>();
		const note = ({ spans }: Exported) => {
			for (const { name, attributes } of spans) {
				for (const attribute of Object.keys(attributes)) found.add(`${inTable(attribute)} on ${kindOf(name)}`);
			}
		};
		for (const exported of await everything()) note(exported);
		const kinds = ["session", "turn", "agent", "chat", "tool", "permission_wait", "compaction"];
		const told = table("attribute", "on", "meaning").flatMap(([attribute, on = ""]) => {
			const below = on === "all below a turn" ? kinds.filter((kind) => kind !== "session") : kinds;
			const named = on.startsWith("all")
				? below
				: on.replace(/,? ?(?:every )?records? .*|every record/, "").split(", ");
			return named.flatMap((kind) => (kind === "" ? [] : [`${attribute} on ${kind.replace(" of the main loop", "")}`]));
		});
		const notTold = NOT_IN_SCENARIOS.map((attribute) => `${attribute} on chat`);
		expect([...found, ...notTold].toSorted()).toEqual(told.toSorted());
	});

	test("over all scenarios and options is every attribute, and every metric that sessions can fill", async () => {
		const all = new Set<string>();
		const metrics = new Set<string>();
		const ofRecords = new Set<string>();
		const note = (exported: Exported) => {
			for (const { eventName, attributes } of exported.records) {
				for (const name of Object.keys(attributes)) ofRecords.add(`${eventName} ${name}`);
			}
			for (const name of attributeNames(exported)) all.add(inTable(name));
			for (const { name } of exported.points) metrics.add(name);
		};
		for (const exported of await everything()) note(exported);
		expect(Object.keys(ATTRIBUTES).filter((name) => !all.has(name))).toEqual(NOT_IN_SCENARIOS);
		const due = Object.entries(RECORDS).flatMap(([record, names]) =>
			names === "span" ? [] : names.map((name) => `${record} ${name}`),
		);
		expect(due.filter((one) => !ofRecords.has(one))).toEqual([]);
		const ours = Object.keys(METRICS).filter((name) => /^(?:claude\.|gen_ai\.)/.test(name));
		expect(ours.filter((name) => !metrics.has(name))).toEqual([]);
	});
});

let all: Promise<Exported[]> | undefined;

/** All scenarios and what they lack. */
function everything(): Promise<Exported[]> {
	const played = async () => {
		const exported: Exported[] = [];
		for (const scenario of scenarios()) exported.push(await playRun(scenario, 0, { level: "full" }));
		return [...exported, await tell(storyOf(), { semconv: "both", deniedModels: ["*"] }), await tell(nativeStory())];
	};
	all ??= played();
	return all;
}

/** As the page calls the kinds of spans. */
function kindOf(spanName: string): string {
	if (spanName === "invoke_agent claude-code") return "turn";
	const [first = ""] = spanName.split(" ");
	return { invoke_agent: "agent", execute_tool: "tool" }[first] ?? first.replace("claude.", "");
}

/** Every model of the scenarios has a price of its own. */
const NOT_IN_SCENARIOS = ["claude.cost_estimated"];
