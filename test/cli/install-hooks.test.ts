import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { INSTALLED_EVENTS } from "../../src/cli/installed-hooks.ts";
import { seeds } from "../support/seed.ts";
import { fakeProcess } from "./fake-process.ts";

let folder: string;
let settings: string;

beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "install hooks's ")));
	settings = join(folder, "config", "settings.json");
	mkdirSync(join(folder, "config"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<string> {
	const fake = fakeProcess(
		args,
		{ CLAUDE_CONFIG_DIR: join(folder, "config"), HOME: folder, XDG_RUNTIME_DIR: join(folder, "run"), PATH: "" },
		folder,
	);
	await runCommandLine(fake.process, join(folder, "package's place/"));
	return fake.stdout();
}

const text = () => readFileSync(settings, "utf8");
const hooks = () => JSON.parse(text()).hooks as Record<string, { hooks: { command: string }[] }[]>;

describe("install-hooks", () => {
	test("writes one entry for each event of the table, each with a timeout of a second", async () => {
		expect(await run("install-hooks")).toContain(`${INSTALLED_EVENTS.length} events`);
		expect(Object.keys(hooks())).toEqual(INSTALLED_EVENTS);
		for (const groups of Object.values(hooks()))
			expect(groups).toMatchObject([{ hooks: [{ type: "command", timeout: 1 }] }]);
	});

	test("keeps order, indentation and everything else of the file", async () => {
		const before =
			'{\n\t"zebra": [1,   2],\n\t"model": "opus",\n\t"hooks": {\n\t\t"Stop": [{ "hooks": [{ "type": "command", "command": "mine" }] }]\n\t},\n\t"apple": {}\n}\n';
		writeFileSync(settings, before);
		await run("install-hooks");
		expect(text()).toContain(
			'\t"zebra": [1,   2],\n\t"model": "opus",\n\t"hooks": {\n\t\t"Stop": [{ "hooks": [{ "type": "command", "command": "mine" }] }',
		);
		expect(text()).toMatch(/\},\n\t"apple": \{\}\n\}\n$/);
		expect(hooks().Stop?.map((group) => group.hooks[0]?.command === "mine")).toEqual([true, false]);
		expect(text()).not.toMatch(/^ /m);
	});

	test("twice is the same as once", async () => {
		writeFileSync(settings, '{"model":"opus"}');
		await run("install-hooks");
		const once = text();
		expect(await run("install-hooks")).toContain("already");
		expect(text()).toBe(once);
	});

	test.each([
		["whole", `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`],
		["broken", `{"a":${"[".repeat(50_000)}`],
	])("says in one sentence that a file nested without end is not edited, where it is %s", async (_what, wild) => {
		writeFileSync(settings, wild);
		await expect(run("install-hooks")).rejects.toThrow(/^\S.*lie too deep in one another.*nothing was changed\.$/);
		expect(text()).toBe(wild);
	});

	test("names a key with line ends in one line", async () => {
		writeFileSync(settings, '{"hooks":{"a\\nb":1}}');
		await expect(run("install-hooks")).rejects.toThrow(/^.*"hooks"\."a\\nb" is not what.*$/);
	});

	test("keeps mode bits, and leaves a backup with the same", async () => {
		writeFileSync(settings, "{}");
		chmodSync(settings, 0o640);
		await run("install-hooks");
		expect(statSync(settings).mode & 0o7777).toBe(0o640);
		expect(statSync(`${settings}.before-claude-otel`).mode & 0o7777).toBe(0o640);
		expect(readFileSync(`${settings}.before-claude-otel`, "utf8")).toBe("{}");
		expect(readdirSync(join(folder, "config")).toSorted()).toEqual([
			"settings.json",
			"settings.json.before-claude-otel",
		]);
	});

	test("changes the file behind a link, and the link stays one", async () => {
		writeFileSync(join(folder, "real.json"), '{"a":1}');
		symlinkSync("../real.json", settings);
		await run("install-hooks");
		expect(lstatSync(settings).isSymbolicLink()).toBe(true);
		expect(JSON.parse(readFileSync(join(folder, "real.json"), "utf8"))).toHaveProperty("hooks.Stop");
	});

	test("makes the file where a link says that it should lie", async () => {
		mkdirSync(join(folder, "dots"));
		symlinkSync("../dots/real.json", settings);
		await run("install-hooks");
		expect(lstatSync(settings).isSymbolicLink()).toBe(true);
		expect(JSON.parse(readFileSync(join(folder, "dots", "real.json"), "utf8"))).toHaveProperty("hooks.Stop");
	});

	test("refuses what is no UTF-8, and changes nothing", async () => {
		const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
		writeFileSync(settings, bytes);
		await expect(run("install-hooks")).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/UTF-8/) });
		expect(readFileSync(settings)).toEqual(bytes);
	});

	test.each([
		["--project", "settings.json"],
		["--local", "settings.local.json"],
	])("with %s writes the project's %s", async (flag, name) => {
		await run("install-hooks", flag);
		expect(Object.keys(JSON.parse(readFileSync(join(folder, ".claude", name), "utf8")).hooks)).toEqual(
			INSTALLED_EVENTS,
		);
		expect(existsSync(settings)).toBe(false);
	});

	test.each([
		['{\n  "a": 1, // why\n}', /:2:11: /],
		['{"a": 1,}', /:1:9: /],
		["", /:1:1: /],
		["[]", /its content/],
		['{"hooks": []}', /"hooks"/],
		['{"hooks": {"Stop": {}}}', /"hooks"."Stop"/],
		['{"hooks": {},\n "hooks": {}}', /2:2: the key "hooks" stands here for the second time/],
		['{"hooks": {"Stop": [], "Stop": []}}', /1:24: the key "Stop"/],
		["\uFEFF{}", /byte order mark/],
	])("refuses %j in one sentence with line and column, and changes nothing", async (content, sentence) => {
		writeFileSync(settings, content);
		await expect(run("install-hooks")).rejects.toMatchObject({
			name: "UserMistake",
			exitCode: 2,
			message: expect.stringMatching(sentence),
		});
		expect(text()).toBe(content);
		expect(readdirSync(join(folder, "config"))).toEqual(["settings.json"]);
	});

	test("replaces what the Python predecessor left, says so, and leaves hooks beside it alone", async () => {
		const handler = (command: string) => ({ type: "command", command });
		writeFileSync(
			settings,
			JSON.stringify({
				hooks: {
					PreToolUse: [{ matcher: "*", hooks: [handler("claude-otel-pre-tool"), handler("mine")] }],
					PostToolUse: [{ hooks: [handler("python3 ~/.claude/hooks/post_tool.py")] }],
					PreCompact: [{ matcher: "*", hooks: ["claude-otel-pre-compact"] }],
					SessionStart: [{ hooks: [handler("hooks/my_tool.py")] }],
				},
			}),
		);
		expect(await run("install-hooks")).toContain("Replaced 3 hooks");
		const commands = Object.values(hooks()).flatMap((groups) =>
			groups.flatMap((group) => group.hooks.map((one) => one.command)),
		);
		expect(commands.filter((command) => !command.includes("forwarder.mjs"))).toEqual(["mine", "hooks/my_tool.py"]);
		expect(Object.keys(hooks())).toContain("PostToolUse");
	});

	test("renews entries of an older place of ours instead of adding to them", async () => {
		await run("install-hooks");
		writeFileSync(settings, text().replaceAll("package'\\\\''s place", "older place"));
		expect(await run("install-hooks")).toContain("Renewed");
		expect(hooks().Stop).toHaveLength(1);
		expect(text()).not.toContain("older place");
	});

	test("names both files where two scopes are asked for", async () => {
		await expect(run("install-hooks", "--project", "--local")).rejects.toMatchObject({ exitCode: 2 });
	});
});

describe("uninstall-hooks", () => {
	test("gives back every file byte for byte", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
				fc.dictionary(
					fc.constantFrom("Stop", "PreToolUse", "SessionStart"),
					fc.constantFrom([], [{ matcher: "Bash", hooks: [{ type: "command", command: "mine" }] }]),
				),
				fc.constantFrom(undefined, 2, 4, "\t"),
				fc.constantFrom("", "\n", "\n\n"),
				fc.boolean(),
				async (rest, ownHooks, indentation, end, windows) => {
					const content = `${JSON.stringify({ ...rest, ...(Object.keys(ownHooks).length > 0 && { hooks: ownHooks }) }, undefined, indentation)}${end}`;
					const before = windows ? content.replaceAll("\n", "\r\n") : content;
					if (typeof rest.hooks !== "undefined" && Object.keys(ownHooks).length === 0) return;
					writeFileSync(settings, before);
					await run("install-hooks");
					expect(JSON.parse(text())).toMatchObject(JSON.parse(JSON.stringify(rest)));
					await run("uninstall-hooks");
					expect(text()).toBe(before);
					expect(readdirSync(join(folder, "config"))).toEqual(["settings.json"]);
				},
			),
			{ numRuns: 60, seed: seeds()[0] },
		);
	});

	test("takes away a file that install-hooks made", async () => {
		await run("install-hooks");
		await run("uninstall-hooks");
		expect(existsSync(settings)).toBe(false);
	});

	test("keeps what was changed since, and takes out ours alone", async () => {
		writeFileSync(settings, '{\n  "model": "opus"\n}\n');
		await run("install-hooks");
		const changed = JSON.parse(text());
		changed.hooks.Stop[0].hooks.push({ type: "command", command: "mine" });
		changed.hooks.Stop.unshift({ hooks: [{ type: "command", command: "first" }] });
		changed.model = "haiku";
		writeFileSync(settings, JSON.stringify(changed, undefined, 2));
		await run("uninstall-hooks");
		expect(JSON.parse(text())).toEqual({
			model: "haiku",
			hooks: {
				Stop: [{ hooks: [{ type: "command", command: "first" }] }, { hooks: [{ type: "command", command: "mine" }] }],
			},
		});
	});

	test("says that there is nothing, and changes nothing, where there is nothing", async () => {
		expect(await run("uninstall-hooks")).toContain("does not exist");
		writeFileSync(settings, '{ "hooks": {} }');
		expect(await run("uninstall-hooks")).toContain("no hooks of claude-otel");
		expect(text()).toBe('{ "hooks": {} }');
	});
});
