// Tokens and cost by model, from the file that CLAUDE_OTEL_FILE names.
//
//     CLAUDE_OTEL_FILE=session.jsonl claude-otel -p "…"
//     node token-tracking.mjs session.jsonl
import { readFileSync } from "node:fs";

const KINDS = ["input", "output", "cache_read", "cache_creation"];
const byModel = new Map();

for (const line of readFileSync(process.argv[2] ?? "session.jsonl", "utf8")
	.split("\n")
	.filter(Boolean)) {
	// One export a line: of traces, metrics or logs. Tokens stand on the spans of model requests.
	const { resourceSpans = [] } = JSON.parse(line);
	for (const span of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans)) {
		const attributes = Object.fromEntries(span.attributes.map(({ key, value }) => [key, plain(value)]));
		if (attributes["gen_ai.operation.name"] !== "chat") continue;
		const model = attributes["gen_ai.response.model"] ?? attributes["gen_ai.request.model"];
		const sum = byModel.get(model) ?? { requests: 0, ...Object.fromEntries(KINDS.map((kind) => [kind, 0])), usd: 0 };
		byModel.set(model, sum);
		sum.requests += 1;
		for (const kind of KINDS) sum[kind] += attributes[`tokens.${kind}`] ?? 0;
		sum.usd += attributes["claude.cost_usd"] ?? 0;
	}
}

for (const [model, { usd, ...counts }] of byModel) {
	const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
	console.log(`${model}: ${told.join(", ")}, $${usd.toFixed(4)}`);
}

/** OTLP JSON writes whole numbers as text. */
function plain({ stringValue, intValue, doubleValue, boolValue }) {
	return intValue === undefined ? (stringValue ?? doubleValue ?? boolValue) : Number(intValue);
}
