import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { expect, test } from "vitest";
import type { BatchExporter } from "../../src/sinks/exporter.ts";
import { TrustingExporter } from "../../src/sinks/trusting-exporter.ts";

/** Answers always the same, and remembers what came. */
function answering(error?: Error) {
	const came: string[] = [];
	let ends = 0;
	const exporter: BatchExporter<string> = {
		export(batch, done) {
			came.push(batch);
			done(error ? { code: ExportResultCode.FAILED, error } : { code: ExportResultCode.SUCCESS });
		},
		async shutdown() {
			ends++;
		},
	};
	return { exporter, came, ends: () => ends };
}
const UNTRUSTED = Object.assign(new Error("unable to get local issuer certificate"), {
	code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
});

test("an untrusted certificate is tried with more trust, once, and from then on", async () => {
	const usual = answering(UNTRUSTED);
	const wider = answering();
	let opened = 0;
	const exporter = new TrustingExporter(usual.exporter, () => {
		opened++;
		return wider.exporter;
	});
	const results: ExportResult[] = [];
	for (const batch of ["a", "b"]) exporter.export(batch, (result) => results.push(result));
	expect(usual.came).toEqual(["a"]);
	expect(wider.came).toEqual(["a", "b"]);
	expect(results.map(({ code }) => code)).toEqual([ExportResultCode.SUCCESS, ExportResultCode.SUCCESS]);
	await exporter.shutdown();
	expect([opened, usual.ends(), wider.ends()]).toEqual([1, 1, 1]);
});

test("other failures stay as they are, and so does this one where no more trust can be had", async () => {
	const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
	for (const error of [refused, UNTRUSTED]) {
		const exporter = new TrustingExporter(answering(error).exporter, () => {
			throw new Error("no authorities");
		});
		const results: ExportResult[] = [];
		exporter.export("a", (result) => results.push(result));
		expect(results).toEqual([{ code: ExportResultCode.FAILED, error }]);
	}
	const closed = new TrustingExporter(answering(UNTRUSTED).exporter, () => answering().exporter);
	await closed.shutdown();
	const results: ExportResult[] = [];
	closed.export("a", (result) => results.push(result));
	expect(results).toMatchObject([{ code: ExportResultCode.FAILED }]);
});
