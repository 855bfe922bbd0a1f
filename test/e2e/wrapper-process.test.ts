// claude-otel around a program that tells how it was run: arguments, environment, exit codes, signals. The program
// stands in for claude where the real one could not show it, or must not be started (sessions that detach).

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildDist } from "../../tools/build.ts";
import { CLAUDE, CLAUDE_OTEL, type ClaudeHome, makeClaudeHome } from "../support/claude-home.ts";
import { isAlive, type RunOptions, runClaudeOtel, run as runCommand, until } from "../support/run.ts";
import { seeds } from "../support/seed.ts";

beforeAll(() => buildDist());

let home: ClaudeHome;
beforeEach(() => {
	home = makeClaudeHome("http://127.0.0.1:9");
	script("tell", 'printf "%s\\0" "$@" > "$HOME/args"; env -0 > "$HOME/env"');
});
afterEach(() => home.remove());

/** A program in place of claude. */
function script(name: string, body: string, mode = 0o755): string {
	const path = join(home.home, name);
	writeFileSync(path, `#!/bin/sh\n${body}\n`);
	chmodSync(path, mode);
	return path;
}

const NO_EXPORT = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };

function run(name: string, args: string[], options: RunOptions = {}) {
	return runClaudeOtel(home, args, {
		...options,
		env: { ...NO_EXPORT, CLAUDE_BIN: join(home.home, name), ...options.env },
	});
}

const split = (name: string) => readFileSync(join(home.home, name), "utf8").split("\0").slice(0, -1);
const toldArgs = () => split("args");
const toldEnv = () =>
	Object.fromEntries(split("env").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));

describe("arguments", () => {
	test("reach claude as they are, behind our settings", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(
					fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("-p", "--", "--model", "-c", "--verbose", "")),
					{ maxLength: 8 },
				),
				async (words) => {
					const args = [
						"-p",
						...words
							.map((word) => word.replaceAll("\0", ""))
							.filter((word) => !/^(--?(settings|bg|background|cloud|help|version)|-[hvV])/.test(word)),
					];
					await run("tell", args);
					const told = toldArgs();
					expect(told[0]).toBe("--settings");
					expect(told.slice(2)).toEqual(args);
				},
			),
			{ numRuns: 15, seed: seeds()[0] },
		);
	});

	test("hold no token, and what claude needs it for stands in the environment", async () => {
		await run("tell", ["-p", "hello"]);
		const { CLAUDE_OTEL_TOKEN: token = "", CLAUDE_OTEL_RUN, CLAUDE_OTEL_SOCKET, TRACEPARENT } = toldEnv();
		expect(token).toMatch(/^cotel_[\w-]{32}$/);
		expect(CLAUDE_OTEL_RUN).toMatch(/^[0-9a-f-]{36}$/);
		expect(TRACEPARENT).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
		expect(CLAUDE_OTEL_SOCKET).toBeUndefined();
		expect(toldArgs().join("\n")).not.toContain(token);
	});

	test("that are longer than the system takes with ours go without ours", async () => {
		// As long as one list may be, less a little.
		const words = Array.from({ length: 15 }, () => "x".repeat(130_000));
		const { code, stderr } = await run("tell", ["-p", ...words, "y".repeat(120_000)]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(toldArgs().slice(-1)[0]).toHaveLength(120_000);
	});
});

describe("a run that is not traced gets neither settings nor environment of ours", () => {
	test.each([
		["with level off", ["-p", "hello"], { CLAUDE_OTEL_LEVEL: "off" }],
		["with OTEL_SDK_DISABLED", ["-p", "hello"], { OTEL_SDK_DISABLED: "true" }],
		["of a subcommand", ["mcp", "list"], {}],
		["that asks for help", ["-p", "--help"], {}],
		["that detaches", ["--bg", "do it"], {}],
		["that goes to the cloud", ["--cloud", "do it"], {}],
		["that attaches", ["attach", "abc"], {}],
	])("%s", async (_what, args, env) => {
		await run("tell", args, { env });
		expect(toldArgs()).toEqual(args);
		expect(
			Object.keys(toldEnv()).filter((name) => /^(CLAUDE_OTEL_(RUN|TOKEN|SOCKET)|TRACEPARENT)$/.test(name)),
		).toEqual([]);
	});

	test("and one that detaches inside of a run leaves that run's doors behind", async () => {
		await run("tell", ["--bg", "x"], {
			env: { CLAUDE_OTEL_RUN: "outer", CLAUDE_OTEL_TOKEN: "outer", CLAUDE_OTEL_SOCKET: "outer" },
		});
		expect(Object.values(toldEnv())).not.toContain("outer");
	});
});

describe("the end of claude is ours", () => {
	test.each([0, 1, 3, 127, 255])("exit code %i", async (code) => {
		script("leave", `exit ${code}`);
		expect(await run("leave", ["-p"])).toMatchObject({ code, signal: null, stdout: "", stderr: "" });
	});

	test.each(["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGUSR1", "SIGPIPE"])("death by %s", async (signal) => {
		script("die", `kill -${signal.slice(3)} $$`);
		expect(await run("die", ["-p"])).toMatchObject({ code: null, signal });
		expect(await run("die", ["mcp"])).toMatchObject({ code: null, signal });
	});

	test.each([
		...(["SIGINT", "SIGTERM", "SIGHUP", "SIGABRT"] as const),
		...(["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU"] as const),
	])("%s to us is handed on, and we wait for what claude makes of it", async (signal) => {
		script("wait", `trap 'echo got; sleep 0.3; exit 42' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`);
		expect(await runAndSend("wait", signal)).toMatchObject({
			code: 42,
			signal: null,
			stdout: "ready\ngot\n",
			stderr: "",
		});
	});

	test.each(["SIGUSR1", "SIGUSR2", "SIGALRM"] as const)(
		"%s to us that claude dies by ends us the same way",
		async (signal) => {
			script("sleep", 'echo $$ > "$HOME/pid"; echo ready; exec sleep 20');
			expect(await runAndSend("sleep", signal)).toMatchObject({ code: null, signal, stdout: "ready\n", stderr: "" });
			expect(isAlive(Number(readFileSync(join(home.home, "pid"), "utf8")))).toBe(false);
		},
	);

	test("SIGQUIT does not end us", async () => {
		script("wait", "echo ready; sleep 0.5; exit 5");
		expect(await runAndSend("wait", "SIGQUIT")).toMatchObject({ code: 5, signal: null });
	});

	function runAndSend(name: string, signal: NodeJS.Signals) {
		return run(name, ["-p"], {
			onStart: async (running) => {
				await until("claude runs", () => running.stdout().includes("ready"));
				running.signal(signal);
			},
		});
	}

	test("a reader of our own words that has gone is no mistake", async () => {
		const child = spawn(process.execPath, [CLAUDE_OTEL, "--config"], {
			env: home.env,
			stdio: ["ignore", "pipe", "pipe"],
		});
		child.stdout.destroy();
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
		const code = await new Promise((resolve) => child.on("close", resolve));
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	});
});

test.each([
	["--version"],
	["--help"],
	["--config"],
	["check"],
	["check", "--json"],
	["demo"],
	["flush"],
	["install-hooks"],
])("a full device that %s %s writes to is one sentence", async (...args) => {
	const line = 'exec "$0" "$@" > /dev/full';
	const { stderr, code } = await runCommand(home, "sh", ["-c", line, process.execPath, CLAUDE_OTEL, ...args]);
	expect(stderr).toMatch(/^claude-otel: Standard output cannot be written: no space left on device; [^\n]*\n$/);
	expect(code).toBe(1);
});

describe("a pipe that nobody reads or writes", () => {
	const pipe = () => join(home.home, "pipe");
	beforeEach(() => void execFileSync("mkfifo", [pipe()]));

	test("holds neither claude nor its end up as CLAUDE_OTEL_FILE or CLAUDE_OTEL_DEBUG", async () => {
		script("answer", "echo done");
		const env = { CLAUDE_OTEL_FILE: pipe(), CLAUDE_OTEL_DEBUG: pipe() };
		const { stdout, stderr, code } = await run("answer", ["-p", "hello"], { env, timeoutMs: 15_000 });
		expect({ stdout, code }).toEqual({ stdout: "done\n", code: 0 });
		expect(stderr).toContain(`cannot write to ${pipe()}: ENXIO; standard error is used.`);
		expect(stderr).toContain("nobody reads this pipe");
	});

	test("is no CLAUDE_OTEL_REDACT_CONFIG: one sentence says so before claude is started", async () => {
		const env = { CLAUDE_OTEL_REDACT_CONFIG: pipe() };
		const { stderr, code } = await run("tell", ["-p", "hello"], { env, timeoutMs: 15_000 });
		expect(code).toBe(2);
		expect(stderr).toMatch(/^claude-otel: CLAUDE_OTEL_REDACT_CONFIG names [^\n]*it is no plain file[^\n]*\n$/);
		expect(existsSync(join(home.home, "args"))).toBe(false);
	});
});

describe("in a folder that was removed", () => {
	/** The command begins in a folder that is there no more. */
	function runRemoved(command: string, args: string[]) {
		const gone = join(home.work, "gone");
		mkdirSync(gone);
		const line = 'rmdir "$PWD" && exec "$0" "$@"';
		return runCommand(home, "sh", ["-c", line, command, ...args], { cwd: gone, env: NO_EXPORT });
	}
	const runOurs = (...args: string[]) => runRemoved(process.execPath, [CLAUDE_OTEL, ...args]);

	test.each([
		["-p", "hello"],
		["mcp", "list"],
		["--use-sdk", "hello"],
	])("claude speaks for itself: %s %s", async (...args) => {
		const { stdout, stderr, code } = await runRemoved(
			CLAUDE,
			args.filter((arg) => arg !== "--use-sdk"),
		);
		expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("no longer exists") });
		expect(await runOurs(...args)).toMatchObject({ stdout, stderr, code });
	});

	test.each([
		["--version", /^claude-otel \S+\n\d\S+ \(Claude Code\)\n$/],
		["--help", /^Usage: claude-otel [\s\S]*Usage: claude /],
		["--config", /^CLAUDE_OTEL_/m],
		["flush", /^Nothing waits/],
	])("%s works", async (word, expected) => {
		const { stdout, stderr, code } = await runOurs(word);
		expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
		expect(stdout).toMatch(expected);
	});

	test("check looks at everything", async () => {
		const { stdout, stderr, code } = await runOurs("check", "--json");
		expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
		expect(JSON.parse(stdout)).toMatchObject({ broken: false, selfTest: { hookFacts: 3 } });
	});

	test.each(["install-hooks", "uninstall-hooks"])(
		"%s works for the user, and of a project one sentence says why not",
		async (word) => {
			expect(await runOurs(word)).toMatchObject({ code: 0, stderr: "" });
			for (const scope of ["--project", "--local"]) {
				const { stdout, stderr, code } = await runOurs(word, scope);
				expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
				expect(stderr).toMatch(/^claude-otel: The working directory, "[^"\n]*gone", was removed or moved, [^\n]*\n$/);
			}
		},
	);
});

describe("without a claude that can be run", () => {
	const PATH = "/usr/bin:/bin";

	test("one sentence says how to get it, and the exit code is 127", async () => {
		const result = await runClaudeOtel(home, ["-p", "hello"], { env: { PATH } });
		expect(result).toMatchObject({ code: 127, stdout: "" });
		expect(result.stderr).toMatch(/^claude-otel: claude was not found on PATH: install it with [^\n]*\n$/);
	});

	test("one sentence names a CLAUDE_BIN that does not exist, and the exit code is 127", async () => {
		const result = await run("nothing-here", []);
		expect(result).toMatchObject({ code: 127, stdout: "" });
		expect(result.stderr).toMatch(/^claude-otel: CLAUDE_BIN is [^\n]*nothing-here[^\n]*\n$/);
	});

	test("one sentence names one that cannot be executed, and the exit code is 126", async () => {
		script("plain", "", 0o644);
		const result = await run("plain", []);
		expect(result).toMatchObject({ code: 126, stdout: "" });
		expect(result.stderr).toMatch(/^claude-otel: [^\n]*plain cannot be executed[^\n]*\n$/);
	});

	test("one sentence names one that the system cannot start, and the exit code is 126", async () => {
		writeFileSync(join(home.home, "broken"), "#!/nonexistent/interpreter\n");
		chmodSync(join(home.home, "broken"), 0o755);
		const result = await run("broken", ["-p"]);
		expect(result).toMatchObject({ code: 126, stdout: "" });
		expect(result.stderr).toMatch(/^claude-otel: [^\n]*broken could not be started[^\n]*\n$/);
	});

	test("a claude that is claude-otel is passed over, and one sentence says so", async () => {
		symlinkSync(CLAUDE_OTEL, join(home.home, "claude"));
		const result = await runClaudeOtel(home, ["-p"], { env: { PATH: `${home.home}:${PATH}` } });
		expect(result).toMatchObject({ code: 127, stdout: "" });
		expect(result.stderr).toMatch(/^claude-otel: The only claude [^\n]* is claude-otel itself: [^\n]*\n$/);
	});

	test("a CLAUDE_BIN that is claude-otel does not start it for ever, but the claude on PATH", async () => {
		const result = await runClaudeOtel(home, ["mcp", "list"], { env: { CLAUDE_BIN: CLAUDE_OTEL } });
		expect(result).toMatchObject({ code: 0, stderr: "" });
		expect(result.stdout).toContain("No MCP servers");
	});
});

test("nothing of a run is left behind but what claude itself writes", async () => {
	const runtime = join(home.home, "runtime");
	await run("tell", ["-p", "hello", "--settings", JSON.stringify({ env: { LONG: "x".repeat(70_000) } })], {
		env: { XDG_RUNTIME_DIR: runtime },
	});
	expect(toldArgs().slice(0, 2)).toEqual(["-p", "hello"]);
	expect(toldArgs()[3]?.startsWith(join(runtime, "claude-otel"))).toBe(true);
	expect(readdirSync(join(runtime, "claude-otel"))).toEqual([]);
	expect(existsSync(join(home.config, "settings.json"))).toBe(false);
});

test("our own words say what they know of the real claude", async () => {
	const version = await runClaudeOtel(home, ["--version"], { env: { CLAUDE_BIN: CLAUDE } });
	expect(version).toMatchObject({ code: 0, stderr: "" });
	expect(version.stdout).toMatch(/^claude-otel \d+\.\d+\.\d+\n\d+\.\d+\.\d+ \(Claude Code\)\n$/);
	const help = await runClaudeOtel(home, ["--help"], { env: { CLAUDE_BIN: CLAUDE } });
	expect(help).toMatchObject({ code: 0, stderr: "" });
	expect(help.stdout).toMatch(
		/^Usage: claude-otel [\s\S]*install-hooks[\s\S]*\nUsage: claude \[options\][\s\S]*--append-system-prompt/,
	);
	const config = await runClaudeOtel(home, ["--config"], { env: { CLAUDE_OTEL_LEVEL: "full" } });
	expect(config.stdout).toMatch(/^CLAUDE_OTEL_LEVEL +full +CLAUDE_OTEL_LEVEL$/m);
	const mistake = await runClaudeOtel(home, ["install-hooks", "--no-such-flag"]);
	expect(mistake).toMatchObject({ code: 2, stdout: "" });
	expect(mistake.stderr).toMatch(/^claude-otel: [^\n]*--no-such-flag[^\n]*\n$/);
	const more = await runClaudeOtel(home, ["recover", "x", "y"]);
	expect(more).toMatchObject({
		code: 2,
		stdout: "",
		stderr: "claude-otel: too many arguments for 'recover': `claude-otel --help` shows what there is.\n",
	});
});
