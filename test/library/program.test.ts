// The examples of docs/library.md as a program has them: types by tsc against the declarations that are published, and the
// one that needs no network run by Node against the built package.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const EXAMPLES = [...readFileSync(join(ROOT, "docs/library.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
	([, code = ""]) => code,
);
let folder: string;

/** A project that has installed us, the SDK and OpenTelemetry. */
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-program-"));
	const modules = join(folder, "node_modules");
	mkdirSync(modules);
	symlinkSync(ROOT, join(modules, "claude-otel"));
	for (const scope of ["@anthropic-ai", "@opentelemetry", "@types"]) {
		symlinkSync(join(ROOT, "node_modules", scope), join(modules, scope));
	}
	writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
	writeFileSync(
		join(folder, "tsconfig.json"),
		JSON.stringify({
			compilerOptions: {
				target: "es2024",
				module: "nodenext",
				moduleResolution: "nodenext",
				strict: true,
				noEmit: true,
				skipLibCheck: true,
				types: ["node"],
			},
		}),
	);
	for (const [index, code] of EXAMPLES.entries()) writeFileSync(join(folder, `example-${index}.ts`), code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every example of docs/library.md has the types that we publish", async () => {
	expect(EXAMPLES.length).toBeGreaterThanOrEqual(5);
	const { stdout, exitCode } = await execa("tsc", ["-p", folder], { preferLocal: true, localDir: ROOT, reject: false });
	expect(stdout).toBe("");
	expect(exitCode).toBe(0);
});

test("a wrong option is a mistake of the types", async () => {
	const wrong = join(folder, "wrong.ts");
	writeFileSync(
		wrong,
		`import { runAgentWithTelemetry } from "claude-otel";\nawait runAgentWithTelemetry("x", { level: "loud" });\n`,
	);
	const { stdout } = await execa("tsc", ["-p", folder], { preferLocal: true, localDir: ROOT, reject: false });
	rmSync(wrong);
	expect(stdout).toMatch(/wrong\.ts\(2,\d+\): error TS2322: Type '"loud"' is not assignable/);
});

test("the program for tests runs as it stands, and gets its trace into the sink", async () => {
	const index = EXAMPLES.findIndex((code) => code.includes("createMemorySink"));
	const env = {
		PATH: [join(ROOT, "node_modules", ".bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
		HOME: folder,
	};
	const file = join(folder, `example-${index}.ts`);
	const { stdout, stderr, exitCode } = await execa(process.execPath, [file], {
		env,
		extendEnv: false,
		reject: false,
		cwd: folder,
	});
	expect({ stdout, stderr, exitCode }).toEqual({ stdout: "All done. 1", stderr: "", exitCode: 0 });
});
