// A metric of your own, made of a finished session and sent to the same collector: calls that wrote files, by file extension.
//
//     CLAUDE_OTEL_FILE=session.jsonl claude-otel -p "…"
//     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 node custom-metric.mjs session.jsonl
import { readFileSync } from "node:fs";
import { extname } from "node:path";

const NAME = "shop.files_written";
const WRITERS = ["Write", "Edit", "NotebookEdit"];
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "http://localhost:4318";

const exports = readFileSync(process.argv[2] ?? "session.jsonl", "utf8")
	.split("\n")
	.filter(Boolean)
	.map(JSON.parse);
const found = exports.flatMap(({ resourceSpans = [] }) => resourceSpans);
const calls = found
	.flatMap(({ scopeSpans }) => scopeSpans)
	.flatMap(({ spans }) => spans)
	.map(({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])))
	.filter((call) => WRITERS.includes(call["tool.name"]) && call["tool.status"] === "ok");

const counts = new Map();
for (const call of calls) {
	// At level standard and above the summary of such a call is the path.
	const extension = extname(call["input.summary"] ?? "") || "none";
	counts.set(extension, (counts.get(extension) ?? 0) + 1);
}

const now = `${Date.now()}000000`;
const dataPoints = [...counts].map(([extension, count]) => ({
	attributes: [{ key: "file.extension", value: { stringValue: extension } }],
	startTimeUnixNano: now,
	timeUnixNano: now,
	asInt: String(count),
}));
const metric = { name: NAME, unit: "{call}", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } };
const body = { resourceMetrics: [{ resource: found[0]?.resource, scopeMetrics: [{ scope: {}, metrics: [metric] }] }] };

if (dataPoints.length > 0) {
	const headers = { "content-type": "application/json" };
	const answer = await fetch(`${endpoint}/v1/metrics`, { method: "POST", headers, body: JSON.stringify(body) });
	if (!answer.ok) throw new Error(`${endpoint} answered ${answer.status}`);
}
console.log([...counts].map(([extension, count]) => `${extension} ${count}`).join(", ") || "no file was written");
