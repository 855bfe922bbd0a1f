// What docs/deploy says of series, held by the session of the demo; and the collector's configuration as far as it can be
// looked at without a collector.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { DEMO } from "../src/demo/scenario.ts";
import { openStage } from "./support/stage.ts";

const PAGE = readFileSync(join(import.meta.dirname, "..", "docs/deploy/collector.md"), "utf8");
/** These exist only where something went wrong, or late on a busy machine. */
const TROUBLE = /^claude_otel\.(?:late_facts|facts_dropped|export_failures)_total$/;

test("the demo's session makes as many series as the page says", async () => {
	const stage = await openStage({ main: [] }, { env: { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" } });
	try {
		for (const [name, text] of Object.entries(DEMO.files)) writeFileSync(join(stage.home.work, name), text);
		stage.model.setScript(DEMO.script(stage.home.work));
		expect(await stage.run([...DEMO.args])).toMatchObject({ code: 0, stderr: "" });
		const points = stage.receiver.metrics.filter(({ name }) => !TROUBLE.test(name));
		const series = new Map(points.map((point) => [`${point.name} ${JSON.stringify(point.attributes)}`, point]));
		// Each bucket, the last without an upper bound, then sum and count.
		const ofPrometheus = [...series.values()].map(({ type, buckets }) =>
			type === "histogram" ? buckets.length + 2 : 1,
		);
		const [, otlp, prometheus] = /(\d+) series in OTLP, (\d+) in\s+Prometheus/.exec(PAGE) ?? [];
		expect(series.size).toBe(Number(otlp));
		expect(ofPrometheus.reduce((sum, count) => sum + count, 0)).toBe(Number(prometheus));

		expect(new Set(points.map(({ resource }) => resource["service.instance.id"])).size).toBe(1);
		const sums = points.filter(({ type, monotonic }) => type === "histogram" || monotonic);
		expect(new Set(sums.map(({ temporality }) => temporality))).toEqual(new Set(["delta"]));
		const others = points.filter(({ type, monotonic }) => type !== "histogram" && !monotonic).map(({ name }) => name);
		expect([...new Set(others)].filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
	} finally {
		await stage.close();
	}
});

test("the collector's pipelines name only what its configuration defines, and take the run id away before the sums", () => {
	const [, text = ""] = /```yaml\n([^]*?)```/.exec(PAGE) ?? [];
	const config = parse(text) as Record<"receivers" | "processors" | "exporters", object> & {
		service: { pipelines: Record<string, Record<"receivers" | "processors" | "exporters", string[]>> };
	};
	for (const pipeline of Object.values(config.service.pipelines)) {
		for (const kind of ["receivers", "processors", "exporters"] as const) {
			expect(pipeline[kind].filter((name) => !(name in config[kind]))).toEqual([]);
		}
	}
	expect(config.service.pipelines.metrics?.processors.slice(0, 2)).toEqual([
		"resource/no-instance",
		"deltatocumulative",
	]);
});
