// The workflow that the public repository runs, as far as it can be read here: it runs commands that are there, on what the
// package says it supports.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
const workflow = parse(read(".github/workflows/ci.yml")) as {
	jobs: Record<
		string,
		{ strategy?: { matrix: { os: string[]; node: number[] } }; steps: { run?: string; uses?: string }[] }
	>;
};
const manifest = JSON.parse(read("package.json")) as { engines: { node: string }; scripts: Record<string, string> };
const commands = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

test("CI runs npm ci, then scripts that package.json has", () => {
	for (const { steps } of Object.values(workflow.jobs)) {
		const runs = steps.flatMap(({ run }) => run ?? []);
		expect(runs).toContain("npm ci");
	}
	const scripts = commands.flatMap((command) => /^npm (?:run )?([a-z:]+)$/.exec(command)?.[1] ?? []);
	const own = scripts.filter((name) => !["ci", "pack"].includes(name));
	expect(own).toEqual(expect.arrayContaining(["test", "demo", "test:system", "test:long"]));
	expect(own.filter((name) => !(name in manifest.scripts))).toEqual([]);
});

test("it tests Linux, macOS and Windows, with the oldest Node that the package takes and the one of development", () => {
	const { os, node } = workflow.jobs.test?.strategy?.matrix ?? { os: [], node: [] };
	expect(os).toEqual(["ubuntu-latest", "macos-latest", "windows-latest"]);
	const least = Number(/\d+/.exec(manifest.engines.node));
	const { optionalDependencies } = JSON.parse(read("tools/node/package.json")) as {
		optionalDependencies: Record<string, string>;
	};
	const development = Object.values(optionalDependencies).map((version) => Number.parseInt(version, 10));
	expect(node).toEqual([least, ...new Set(development)]);
});

test("actions are GitHub's own alone", () => {
	const uses = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
	expect(uses.length).toBeGreaterThan(0);
	expect(uses.filter((name) => !name.startsWith("actions/"))).toEqual([]);
});
