import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}) {
	const { HOME = "", PATH = "" } = process.env;
	const { status, stdout, stderr } = spawnSync(command, args, {
		cwd,
		encoding: "utf8",
		env: { HOME, PATH, NO_UPDATE_NOTIFIER: "1", ...env },
	});
	return { status, stdout, stderr };
}

test("the package installs and runs alone", () => {
	const folder = mkdtempSync(join(tmpdir(), "claude-otel-package-"));
	// What `npm test` has built is packed as it is: others of its tests are running it.
	expect(run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], ROOT).status).toBe(0);
	const [archive = ""] = readdirSync(folder);
	expect(archive).toMatch(/^claude-otel-.*\.tgz$/);
	const prefix = join(folder, "prefix");
	const installed = run("npm", ["i", "-g", "--prefer-offline", "--prefix", prefix, join(folder, archive)], folder);
	expect(installed).toMatchObject({ status: 0 });
	const shipped = join(prefix, "lib/node_modules/claude-otel");
	for (const name of ["completions/claude-otel.bash", "docs/examples/basic.sh", "CHANGELOG.md", "LICENSE"]) {
		expect(existsSync(join(shipped, name))).toBe(true);
	}
	for (const name of ["src", "test", "tools", ".github"]) expect(existsSync(join(shipped, name))).toBe(false);
	// Where `man` looks for it.
	expect(existsSync(join(prefix, "share/man/man1/claude-otel.1"))).toBe(true);
	const program = join(prefix, "bin", "claude-otel");
	const missing = { CLAUDE_BIN: join(folder, "nowhere") };
	expect(run(program, ["--version"], folder, missing).stdout).toMatch(/^claude-otel \d+\.\d+\.\d+\n/);
	expect(run(program, ["-p", "hello"], folder, missing)).toMatchObject({ status: 127, stdout: "" });
	const echoed = run(program, ["-p", "hello"], folder, { CLAUDE_BIN: "/bin/echo", OTEL_SDK_DISABLED: "true" });
	expect(echoed).toMatchObject({ status: 0, stdout: "-p hello\n", stderr: "" });

	// A program beside it that imports it, without the Agent SDK, is told what to do.
	const importer = join(prefix, "lib", "program.mjs");
	writeFileSync(
		importer,
		`import { createTelemetry, UserMistake } from "claude-otel";
import { PLAIN_SCRIPT, startScriptedModel } from "claude-otel/testing";
const model = await startScriptedModel(PLAIN_SCRIPT);
await createTelemetry().run("hello").catch((error) => console.log(error instanceof UserMistake, error.message));
await model.close();`,
	);
	const sentence =
		"true The Agent SDK is not installed where claude-otel can find it: install it beside claude-otel with `npm install @anthropic-ai/claude-agent-sdk`.\n";
	expect(run(process.execPath, [importer], folder)).toMatchObject({ status: 0, stdout: sentence, stderr: "" });
	rmSync(folder, { recursive: true });
});

test("a Node that is too old is told so in one sentence", () => {
	const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
	const { status, stdout, stderr } = run(
		process.execPath,
		["--import", `data:text/javascript,${encodeURIComponent(old)}`, join(ROOT, "bin", "claude-otel.js"), "--version"],
		ROOT,
	);
	expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
	expect(stderr).toMatch(/^claude-otel needs Node 22\.15 or newer, and this is 20\.20\.2: .*\n$/);
});
