// docs/examples as a user runs them: the real claude, a scripted model, and receivers on loopback in place of collectors.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBackend } from "./support/backend.ts";
import { CLAUDE_OTEL } from "./support/claude-home.ts";
import { assertTold } from "./support/oracle.ts";
import { type RunOptions, type RunResult, run } from "./support/run.ts";
import { bash, step, text, tool } from "./support/scripting.ts";
import { putOnPath } from "./support/shims.ts";
import { openStage, type Stage } from "./support/stage.ts";

const EXAMPLES = join(import.meta.dirname, "..", "docs", "examples");
// Shell scripts are for systems that have one.
const posix = process.platform !== "win32";

let stage: Stage;
let path: string;
beforeEach(async () => {
	stage = await openStage({ main: [step(bash("echo one")), step(text("All done."))] }, { protocol: "http/json" });
	path = putOnPath(stage.home, { "claude-otel": [process.execPath, CLAUDE_OTEL], node: [process.execPath] });
});
afterEach(() => stage.close());

async function example(name: string, args: string[] = [], { env, ...options }: RunOptions = {}): Promise<RunResult> {
	const file = join(EXAMPLES, name);
	const [command, first] = name.endsWith(".mjs") ? [process.execPath, [file]] : ["sh", [file]];
	return run(stage.home, command, [...first, ...args], { ...options, env: { ...stage.env, ...env, PATH: path } });
}

/** For scripts that read what a session left behind. */
async function sessionInFile(file: string): Promise<void> {
	const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	const { code } = await stage.print("go", [], { env: { ...none, CLAUDE_OTEL_FILE: file } });
	expect(code).toBe(0);
	expect(stage.receiver.requests).toEqual([]);
}

const session = () => stage.receiver.spans.find(({ name }) => name === "claude.session");

test("every example is named by their README, and by a test here", () => {
	const scripts = readdirSync(EXAMPLES).filter((name) => name !== "README.md");
	const [readme, tests] = [join(EXAMPLES, "README.md"), import.meta.filename].map((file) => readFileSync(file, "utf8"));
	expect(scripts.filter((name) => !readme?.includes(`(${name})`))).toEqual([]);
	expect(scripts.filter((name) => !tests?.includes(`example("${name}"`))).toEqual([]);
	expect(scripts.length).toBeGreaterThanOrEqual(6);
});

test.skipIf(!posix)("basic.sh exports a prompt to the collector and shows what it took", async () => {
	const result = await example("basic.sh", ["go"]);
	expect(result).toMatchObject({ code: 0, stdout: "All done.\n" });
	expect(result.stderr).toContain("claude-otel: this session");
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(session()?.resource["service.name"]).toBe("docs-check");
});

test.skipIf(!posix)(
	"ci-job.sh puts all jobs of a pipeline into one trace, or joins the one that is there",
	async () => {
		const traces: (string | undefined)[] = [];
		for (const job of ["review", "docs"]) {
			stage.receiver.spans.length = 0;
			stage.model.setScript({ main: [step(text("Reviewed."))] });
			const result = await example("ci-job.sh", [], { env: { CI_PIPELINE_ID: "4711", CI_JOB_NAME: job } });
			expect(result).toMatchObject({ code: 0, stdout: "Reviewed.\n", stderr: "Nothing waits to be delivered.\n" });
			expect(session()?.attributes).toMatchObject({ "ci.pipeline": "4711", "ci.job": job });
			traces.push(session()?.traceId);
		}
		expect(traces[0]).toMatch(/^[0-9a-f]{32}$/);
		expect(traces[1]).toBe(traces[0]);

		const [trace, parent] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
		stage.receiver.spans.length = 0;
		stage.model.setScript({ main: [step(text("Reviewed."))] });
		const joined = { CI_PIPELINE_ID: "1", CI_JOB_NAME: "x", TRACEPARENT: `00-${trace}-${parent}-01` };
		await example("ci-job.sh", [], { env: joined });
		expect(session()).toMatchObject({ traceId: trace, parentSpanId: parent });
	},
);

test.skipIf(!posix)("ci-job.sh ends as claude does", async () => {
	const claude = join(path.split(":")[0] ?? "", "claude");
	putOnPath(stage.home, { claude: ["sh", "-c", "exit 7"] });
	const env = { CI_PIPELINE_ID: "1", CI_JOB_NAME: "x", CLAUDE_BIN: claude };
	expect(await example("ci-job.sh", [], { env })).toMatchObject({ code: 7, stdout: "" });
});

test("token-tracking.mjs counts what the model billed", async () => {
	const file = join(stage.home.work, "session.jsonl");
	await sessionInFile(file);
	const { stdout, stderr } = await example("token-tracking.mjs", [file]);
	const usages = stage.model.requests.flatMap(({ usage }) => (usage === undefined ? [] : [usage]));
	const sum = (of: (usage: (typeof usages)[number]) => number) => usages.reduce((total, it) => total + of(it), 0);
	const told = [
		`requests ${usages.length}`,
		`input ${sum((it) => it.input)}`,
		`output ${sum((it) => it.output)}`,
		`cache_read ${sum((it) => it.cacheRead)}`,
		`cache_creation ${sum((it) => it.cacheWrite5m + it.cacheWrite1h)}`,
	];
	expect(stderr).toBe("");
	expect(stdout).toMatch(/^claude-opus-5-5: .*, \$0\.\d{4}\n$/);
	expect(stdout).toContain(`: ${told.join(", ")}, $`);
});

test.skipIf(!posix)("attributes.sh says team, project and release, and no metric has the release", async () => {
	await example("attributes.sh", ["go"], { env: { RELEASE: "4.2" } });
	expect(session()?.resource).toMatchObject({
		team: "shop",
		project: "checkout",
		"deployment.environment.name": "ci",
	});
	expect(session()?.attributes).toMatchObject({ release: "4.2", reason: "nightly review" });
	expect(stage.receiver.logs.every(({ attributes }) => attributes.release === "4.2")).toBe(true);
	expect(stage.receiver.metrics.length).toBeGreaterThan(10);
	for (const { attributes, resource } of stage.receiver.metrics) {
		expect(attributes).not.toHaveProperty("release");
		expect(resource).toMatchObject({ team: "shop" });
	}
});

test("custom-metric.mjs sends a metric of its own, made of a session", async () => {
	const write = (name: string) => tool("Write", { file_path: join(stage.home.work, name), content: "x" });
	stage.model.setScript({
		main: [step(write("a.ts"), write("b.ts")), step(write("c.md"), bash("echo no")), step(text("Done."))],
	});
	const file = join(stage.home.work, "session.jsonl");
	await sessionInFile(file);
	const { stdout, stderr } = await example("custom-metric.mjs", [file]);
	expect({ stdout, stderr }).toEqual({ stdout: ".ts 2, .md 1\n", stderr: "" });
	expect(
		stage.receiver.metrics.map(({ name, value, attributes }) => [name, attributes["file.extension"], value]),
	).toEqual([
		["shop.files_written", ".ts", 2],
		["shop.files_written", ".md", 1],
	]);
	expect(stage.receiver.metrics[0]).toMatchObject({ temporality: "delta", monotonic: true });
	expect(stage.receiver.metrics[0]?.resource["service.name"]).toBe("claude-otel");
});

test.skipIf(!posix)("back-end.sh sends to the vendor's place alone, with the key", async () => {
	const backend = await startBackend();
	try {
		const key = "hcaik_0123456789abcdefghijklmnop";
		const env = { HONEYCOMB_API_KEY: key, HONEYCOMB_API_ENDPOINT: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: "" };
		const result = await example("back-end.sh", ["go"], { env });
		expect(result).toMatchObject({ code: 0, stdout: "All done.\n" });
		expect(backend.requestFor("traces")?.headers["x-honeycomb-team"]).toBe(key);
		assertTold(backend.spans, stage.model.requests);
		const trace = backend.spans.find(({ name }) => name === "claude.session")?.traceId ?? "none";
		expect(result.stderr).toContain(`https://ui.honeycomb.io/TEAM/environments/ENV/trace?trace_id=${trace}`);
		expect(stage.receiver.requests).toEqual([]);
	} finally {
		await backend.close();
	}
	expect((await example("back-end.sh", [], { env: { HONEYCOMB_API_KEY: "" } })).stderr).toMatch(/HONEYCOMB_API_KEY/);
});
