// src/main.ts → dist/: one small file that starts claude, and beside it the parts that are loaded later or for words of
// our own. Bundled because loading 400 small files of the OpenTelemetry packages takes longer than running them.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { buildTypes } from "./types.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** Entries that are loaded when claude has been started, or for words of our own, or for a protocol, or by programs. */
const LATER: Record<string, string> = {
	index: "src/library/index.ts",
	testing: "src/library/testing.ts",
	"otlp-grpc": "src/intake/otlp-grpc.ts",
	"otlp-protobuf": "src/intake/otlp-protobuf.ts",
	pipeline: "src/pipeline.ts",
	program: "src/cli/program.ts",
	"run-sdk": "src/cli/commands/run-sdk.ts",
	"run-privacy": "src/run-privacy.ts",
	"stand-in": "src/pipeline/stand-in.ts",
	"run-summary": "src/views/run-summary.ts",
};

/** Below dist/: the declarations of what programs import. */
const TYPES = "types";

/** A program that is running may still load parts of the build before this one. */
const KEEP_OLD_MS = 10 * 60 * 1000;

const COMMON = {
	absWorkingDir: root,
	bundle: true,
	platform: "node",
	format: "esm",
	target: "node22.15",
	// The UMD half of a package cannot be bundled.
	mainFields: ["module", "main"],
	minifyWhitespace: true,
	// The licences of all that is bundled stand in a file of their own.
	legalComments: "none",
	// CommonJS packages inside the bundle ask for Node's own modules by require.
	banner: { js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);' },
	logLevel: "warning",
} satisfies BuildOptions;

export async function buildDist(keepOldMs = KEEP_OLD_MS): Promise<void> {
	const common = {
		...COMMON,
		outdir: dist,
		metafile: true,
		// Its binaries lie beside its code.
		external: ["better-sqlite3"],
		write: false,
	} satisfies BuildOptions;
	const declarations = buildTypes(join(dist, TYPES));
	const [start, later] = await Promise.all([
		// Linking several small files costs more than the few lines that the two builds have twice.
		build({ ...common, entryPoints: { main: "src/main.ts" }, plugins: [plainBuiltins, laterParts] }),
		build({
			...common,
			entryPoints: LATER,
			// Its licence lets nobody hand it on, and most runs do not need it.
			external: [...common.external, "@anthropic-ai/claude-agent-sdk"],
			plugins: [plainBuiltins, bundledGrpc],
			splitting: true,
			chunkNames: "[name]-[hash]",
		}),
	]);
	await declarations;
	const licenses = {
		path: join(dist, "THIRD-PARTY-LICENSES.txt"),
		contents: licensesOf([...Object.keys(later.metafile.inputs), ...Object.keys(start.metafile.inputs)]),
	};
	const files = [...later.outputFiles, ...start.outputFiles, licenses];
	mkdirSync(dist, { recursive: true });
	const written = new Set(files.map((file) => basename(file.path)));
	// Parts first and the entry last, each by rename: whoever starts in between gets the old program or the new one.
	for (const { path, contents } of files) {
		writeFileSync(`${path}.${process.pid}`, contents);
		renameSync(`${path}.${process.pid}`, path);
	}
	for (const name of readdirSync(dist)) {
		const file = join(dist, name);
		if (name === TYPES) continue;
		if (!written.has(name) && Date.now() - statSync(file).mtimeMs >= keepOldMs) rmSync(file);
	}
}

/** For benchmarks: a wrapper of somebody else's, bundled as the parts that are loaded later are. */
export async function bundleWrapper(entry: string, folder: string): Promise<string> {
	await build({
		...COMMON,
		entryPoints: { wrapper: entry },
		outdir: folder,
		outExtension: { ".js": ".mjs" },
		plugins: [plainBuiltins, bundledGrpc],
		splitting: true,
	});
	return join(folder, "wrapper.mjs");
}

/** The licence texts of the packages that the bundled files come from. */
function licensesOf(inputs: readonly string[]): string {
	const packages = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
	const texts = [...packages].toSorted().map((folder) => {
		const manifest: { name: string; version: string; license?: string } = JSON.parse(
			readFileSync(join(root, folder, "package.json"), "utf8"),
		);
		const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
		const text =
			file === undefined
				? `License: ${manifest.license ?? "see the package"}`
				: readFileSync(join(root, folder, file), "utf8");
		return `${manifest.name} ${manifest.version}\n\n${text.trim()}\n`;
	});
	return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * Node's own modules without the ESM face that Node makes for an import: that one reads every property of `node:fs` and
 * `node:crypto`, which loads streams, promises and web crypto, and doubles the time until claude is started.
 */
const plainBuiltins: Plugin = {
	name: "plain-builtins",
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path, kind }) => {
			if (!isBuiltin(path)) return undefined;
			if (kind === "import-statement") return { path, namespace: "builtin" };
			return kind === "dynamic-import" ? { path, namespace: "builtin-later" } : undefined;
		});
		onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({ contents: faceOf(path, exportsOf(path)) }));
		// Imported as a whole, so nothing is left out: but what only a getter gives (of node:http a whole HTTP client).
		onLoad({ filter: /.*/, namespace: "builtin-later" }, ({ path }) => ({
			contents: faceOf(
				path,
				exportsOf(path).filter((name) => Object.getOwnPropertyDescriptor(requireHere(path), name)?.get === undefined),
			),
		}));
	},
};

/**
 * The gRPC exporters ask for grpc-js when they are first used, by a require of their own that no bundler sees: left so,
 * the package would look for it on the user's machine. In a part that is loaded for gRPC alone it can be a plain import.
 */
const bundledGrpc: Plugin = {
	name: "bundled-grpc",
	setup({ onLoad }) {
		onLoad({ filter: /otlp-grpc-exporter-base[\\/]dist[\\/].*\.mjs$/ }, ({ path }) => {
			const source = readFileSync(path, "utf8");
			const asked = /\b__require\("@grpc\/grpc-js"\)/g;
			if (!asked.test(source)) return undefined;
			return { contents: `import * as bundledGrpcJs from "@grpc/grpc-js";\n${source.replace(asked, "bundledGrpcJs")}` };
		});
	},
};

const requireHere = createRequire(import.meta.url);

function exportsOf(builtin: string): string[] {
	return Object.keys(requireHere(builtin)).filter((name) => /^[A-Za-z]\w*$/.test(name));
}

/** "Pure", so that what nobody imports is left out, unread. */
function faceOf(builtin: string, names: readonly string[]): string {
	const lines = names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`);
	return [`const builtin = process.getBuiltinModule("${builtin}");`, ...lines, "export default builtin;"].join("\n");
}

/** What main.ts and the files that it cannot do without import later: left to the other build, by its entry's name. */
const laterParts: Plugin = {
	name: "later-parts",
	setup({ onResolve }) {
		onResolve({ filter: /^\.\.?\// }, ({ path, kind }) => {
			if (kind !== "dynamic-import") return undefined;
			const name = basename(path, ".ts");
			if (!(name in LATER)) throw new Error(`${path} is imported later, but is no entry of the build`);
			return { path: `./${name}.js`, external: true };
		});
	},
};

if (process.argv[1] === fileURLToPath(import.meta.url))
	await buildDist(process.argv.includes("--clean") ? 0 : undefined);
