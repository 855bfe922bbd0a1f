// What is exported, read by a decoder that has nothing of ours: protoc with the published OTLP definitions.
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startScriptedModel } from "../../src/testing/scripted-model.ts";
import { makeClaudeHome } from "../support/claude-home.ts";
import { runClaudeOtel } from "../support/run.ts";

const PROTOS = join(
	dirname(fileURLToPath(import.meta.resolve("@elastic/mockotlpserver"))),
	"..",
	"opentelemetry",
	"..",
);
const REQUESTS = {
	"/v1/traces": "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
	"/v1/metrics": "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
	"/v1/logs": "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
};
const hasProtoc = spawnSync("protoc", ["--version"]).status === 0;

function decode(path: keyof typeof REQUESTS, body: Buffer): string {
	const service = path.slice("/v1/".length).replace("traces", "trace");
	const file = `opentelemetry/proto/collector/${service}/v1/${service}_service.proto`;
	const { stdout, stderr, status } = spawnSync("protoc", [`--decode=${REQUESTS[path]}`, "-I", PROTOS, file], {
		cwd: PROTOS,
		input: body,
		encoding: "utf8",
	});
	expect(stderr).toBe("");
	expect(status).toBe(0);
	return stdout;
}

test.skipIf(!hasProtoc)("protoc reads every export of a run (needs Debian's protobuf-compiler)", async () => {
	const bodies = new Map<string, Buffer[]>();
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			bodies.set(request.url ?? "", [...(bodies.get(request.url ?? "") ?? []), Buffer.concat(chunks)]);
			response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const model = await startScriptedModel({
		main: [
			{ blocks: [{ type: "tool_use", name: "Bash", input: { command: "echo für 🙂" } }] },
			{ blocks: [{ type: "text", text: "done" }] },
		],
	});
	const home = makeClaudeHome(model.url);
	const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" };
	const { code } = await runClaudeOtel(home, ["-p", "go", "--dangerously-skip-permissions"], { env });
	expect(code).toBe(0);
	const told = (path: keyof typeof REQUESTS) => (bodies.get(path) ?? []).map((body) => decode(path, body)).join("\n");
	expect(
		told("/v1/traces")
			.match(/^ {6}name: .*$/gm)
			?.toSorted(),
	).toEqual([
		'      name: "chat claude-opus-5-5"',
		'      name: "chat claude-opus-5-5"',
		'      name: "claude-otel"', // The scope.
		'      name: "claude.session"',
		'      name: "execute_tool Bash"',
		'      name: "invoke_agent claude-code"',
	]);
	expect(told("/v1/traces")).toContain(String.raw`echo f\303\274r \360\237\231\202`);
	expect(told("/v1/metrics")).toContain('name: "claude.tokens_total"');
	expect(told("/v1/logs")).toContain('string_value: "tool.call"');
	server.close();
	await model.close();
	await home.remove();
});
