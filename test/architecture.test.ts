// The import arrows of docs/architecture.md, and what is deliberately absent. Each rule says what a violation would mean.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

/** What it would mean if a part imported one that the page does not allow. */
const OTHERWISE: Record<string, string> = {
	main: "the entry would do work, instead of choosing who does it and with what code it ends",
	cli: "a command would know how things are made or exported, instead of starting what does",
	launch: "running claude would depend on what is made of what it tells",
	pipeline: "the wiring would know the command line, or a view",
	"run-privacy": "a bad pattern could be told only after the rest of the flow was loaded",
	intake: "a door would know what becomes of what it lets in",
	privacy: "what may leave would depend on more than the fact itself",
	model: "what happened would depend on where it is told or kept, and could not be replayed",
	signals: "what is emitted would depend on a door or a destination",
	sinks: "exporters would know sessions",
	store: "what is kept would depend on what becomes of it",
	views: "what a person is shown would depend on more than what the model hands on",
	demo: "the demo would show something else than what a user gets",
	library: "a program's run would be another than the command line's, or the command line would need a program",
	testing: "the scripted model could not be published alone",
	config: "the configuration would depend on what it configures",
};
const LEAVES = [
	"append-flags",
	"begun-runs",
	"can-be-made",
	"clock",
	"diagnostics",
	"errors",
	"flush-log",
	"make-folder",
	"nesting",
	"open-database",
	"process-identity",
	"put-aside",
	"read-plain-file",
	"version",
];

interface Import {
	specifier: string;
	/** `import type`, or nothing but types in its braces. */
	typeOnly: boolean;
}
interface Source {
	/** From the root: src/model/model.ts. */
	path: string;
	/** The part of the product that it belongs to: a folder of src, or a file in it. */
	part: string;
	code: string;
	imports: Import[];
}

const SOURCES = filesBelow(join(ROOT, "src"))
	.filter((path) => path.endsWith(".ts"))
	.map((path): Source => {
		const fromRoot = relative(ROOT, path);
		const code = withoutComments(readFileSync(path, "utf8"));
		return { path: fromRoot, part: partOf(fromRoot), code, imports: importsOf(code) };
	});

/** `| intake | of model types |` → the parts that are named in the cell. */
const ALLOWED = new Map(
	[...PAGE.matchAll(/^\| ([a-z-]+) \| (.+) \|$/gm)].map(([, from = "", cell = ""]) => {
		const parts = Object.keys(OTHERWISE).filter((part) => new RegExp(`(?<![\\w-])${part}(?![\\w-])`).test(cell));
		return [from, { parts, cell }] as const;
	}),
);

describe("imports", () => {
	test("the page names every part of src", () => {
		const parts = [...new Set(SOURCES.map(({ part }) => part))].filter((part) => !LEAVES.includes(part));
		expect(parts.filter((part) => part !== "config" && !ALLOWED.has(part))).toEqual([]);
	});

	test.each(Object.entries(OTHERWISE))("of %s are those of docs/architecture.md: else %s", (part, otherwise) => {
		const allowed = [part, ...LEAVES, ...(ALLOWED.get(part)?.parts ?? [])];
		const astray = importsIn(part).flatMap(({ path, to, specifier }) =>
			to === undefined || allowed.includes(to) ? [] : [`${path} imports ${specifier}: ${otherwise}`],
		);
		expect(astray).toEqual([]);
	});

	test.each([...ALLOWED].filter(([, { cell }]) => cell.includes("of model types")).map(([part]) => part))(
		"of the model in %s are types alone: else it would work on what happened, instead of handing it on",
		(part) => {
			const astray = importsIn(part).filter(({ to, typeOnly }) => to === "model" && !typeOnly);
			expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
		},
	);

	test("of launch in views are types alone: else a view could start what it shows", () => {
		const astray = importsIn("views").filter(({ to, typeOnly }) => to === "launch" && !typeOnly);
		expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
	});

	test("of signals in cli are the ids: else starting claude would wait for OpenTelemetry", () => {
		const astray = importsIn("cli").filter(({ to, specifier }) => to === "signals" && !specifier.endsWith("/ids.ts"));
		expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
	});

	test("of signals in sinks are the names, as types: else exporters would know sessions", () => {
		const astray = importsIn("sinks").filter(
			({ to, specifier, typeOnly }) => to === "signals" && !(typeOnly && specifier.endsWith("/names.ts")),
		);
		expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
	});

	test("of the back ends is one, and later: else who chose none would load them all", () => {
		const inside = /^src\/sinks\/backends\//;
		const into = SOURCES.filter(({ path }) => !inside.test(path)).flatMap(({ path, imports }) =>
			imports.flatMap(({ specifier }) => (/\/backends\//.test(specifier) ? [`${path} imports ${specifier}`] : [])),
		);
		expect(into.toSorted()).toEqual([
			"src/pipeline/spool-ways.ts imports ../sinks/backends/open-backends.ts",
			"src/sinks/routes.ts imports ./backends/open-backends.ts",
		]);
		expect(filesWith(/\bfrom\s*["'][^"']*\/backends\//)).toEqual([]);
	});

	test("of leaves are leaves: else everything would import everything", () => {
		const astray = LEAVES.flatMap((leaf) => importsIn(leaf)).filter(({ to, specifier }) => {
			return to !== undefined && !LEAVES.includes(to) && to !== "config" && !specifier.endsWith("package.json");
		});
		expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
	});

	test.each([
		["model", /^@pydantic\/genai-prices/, "the session model would not be pure: no clock, no file, no process"],
		["privacy", /^re2js$/, "what may leave would not be pure: no clock, no file, no process"],
		["signals", /^(?:@opentelemetry\/api|node:crypto)$/, "the mapping would know the SDK"],
		[
			"intake",
			/^(?:node:|@grpc\/grpc-js$|protobufjs\/minimal\.js$)/,
			"a door would need more than Node and its protocol",
		],
	])("of packages in %s are %s: else %s", (part, allowed) => {
		const astray = importsIn(part).filter(({ to, specifier }) => to === undefined && !allowed.test(specifier));
		expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
	});

	test("of OpenTelemetry's SDK are in sinks alone: else claude's start would wait for it", () => {
		const astray = SOURCES.flatMap(({ path, part, imports }) =>
			imports
				.filter(({ specifier }) => part !== "sinks" && /^@opentelemetry\/(?!api$)/.test(specifier))
				.map(({ specifier }) => `${path} imports ${specifier}`),
		);
		expect(astray).toEqual([]);
	});
});

describe("only", () => {
	test("config.ts is handed the environment: else a value would have no origin that --config can tell", () => {
		// The command line and the library hand process.env to it and to claude; gRPC reads its proxy from there alone.
		expect(filesWith(/\bprocess\.env\b/)).toEqual([
			"src/cli/command-line.ts",
			"src/library/settings.ts",
			"src/sinks/grpc-connections.ts",
		]);
	});

	test("launch/ starts processes: else somebody would have to be ended whom nobody knows of", () => {
		const starting = SOURCES.filter(({ imports }) =>
			imports.some(({ specifier }) => /^(?:node:)?child_process$|^execa$|^(?:node:)?cluster$/.test(specifier)),
		);
		expect(starting.filter(({ part }) => part !== "launch").map(({ path }) => path)).toEqual([]);
	});

	test("main.ts ends the process: else a session could end with a code that claude did not give", () => {
		expect(filesWith(/\bprocess\.(?:exit|abort|reallyExit)\b|\bprocess\.exitCode\s*=/)).toEqual(["src/main.ts"]);
	});

	test("cli/ and main.ts write to the terminal: else something could write while claude owns it", () => {
		const writing = filesWith(/\bprocess\.std(?:out|err)\b/);
		expect(writing.filter((path) => !path.startsWith("src/cli/") && path !== "src/main.ts")).toEqual([]);
	});

	test("nobody uses the console: it writes at once, whoever owns the terminal", () => {
		expect(filesWith(/\bconsole\.(?:log|info|warn|error|debug|trace|dir|table)\b/)).toEqual([]);
	});

	test("clock.ts reads the time in the flow: else a replay would give other bytes", () => {
		const flow = ["intake", "model", "privacy", "signals"];
		const reading = SOURCES.filter(
			({ part, code }) => flow.includes(part) && /\bDate\.now\(|\bnew Date\(\)/.test(code),
		);
		expect(reading.map(({ path }) => path)).toEqual([]);
	});

	test("nobody asks which resources there are: detectors tell the command line, which holds the prompt", () => {
		expect(filesWith(/\bautoDetectResources\b|\bdetectResources\b|\b(?:process|host|os)Detector\b/)).toEqual([]);
	});
});

function filesWith(pattern: RegExp): string[] {
	return SOURCES.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
}

function importsIn(part: string): (Import & { path: string; to?: string })[] {
	return SOURCES.filter((source) => source.part === part).flatMap(({ path, imports }) =>
		imports.map((one) => ({ ...one, path, to: target(path, one.specifier) })),
	);
}

/** The part of ours that an import leads to; undefined for packages and for Node. */
function target(from: string, specifier: string): string | undefined {
	if (!specifier.startsWith(".")) return undefined;
	const path = relative(ROOT, resolve(ROOT, dirname(from), specifier));
	// hooks/ lies beside src: launch alone reads its table.
	if (path.startsWith("hooks/")) return from.startsWith("src/launch/") ? undefined : "hooks";
	return path.startsWith("src/") ? partOf(path) : path;
}

function partOf(path: string): string {
	const [, first = "", ...rest] = path.split("/");
	return rest.length > 0 ? first : first.replace(/\.ts$/, "");
}

/** Static and dynamic ones. */
function importsOf(code: string): Import[] {
	const found = code.matchAll(
		/(?:import|export)\s+(type\s+)?([^;"']*?)\s*from\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']/g,
	);
	return [...found].map(([, type, names = "", specifier, dynamic]) => {
		const inBraces = /^\{([^}]*)\}$/
			.exec(names.trim())?.[1]
			?.split(",")
			.map((name) => name.trim()) ?? [""];
		const types = inBraces.filter((name) => name !== "").every((name) => name.startsWith("type "));
		const typeOnly = type !== undefined || (names.trim().startsWith("{") && types);
		return { specifier: specifier ?? dynamic ?? "", typeOnly: dynamic === undefined && typeOnly };
	});
}

/** A sentence of a comment may name what the code must not do. */
function withoutComments(code: string): string {
	return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

function filesBelow(folder: string): string[] {
	return readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		return statSync(path).isDirectory() ? filesBelow(path) : [path];
	});
}
