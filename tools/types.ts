// src/library/ → dist/types/: declarations by tsc of what programs import, and of nothing that these do not name. They may
// name the Agent SDK and OpenTelemetry's API, which a program has or does not need; a package beyond that is a mistake.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const root = fileURLToPath(new URL("..", import.meta.url));
const ENTRIES = ["index", "testing"].map((name) => join("src", "library", `${name}.d.ts`));
const PACKAGES = /^(?:@anthropic-ai\/claude-agent-sdk|@opentelemetry\/api|node:.+)$/;

export async function buildTypes(target: string): Promise<void> {
	mkdirSync(join(root, ".tmp"), { recursive: true });
	const made = mkdtempSync(join(root, ".tmp", "types-"));
	try {
		await execa("tsc", ["-p", join(root, "tsconfig.types.json"), "--outDir", made], {
			preferLocal: true,
			localDir: root,
		});
		const chosen = mkdtempSync(join(root, ".tmp", "types-"));
		for (const file of reachable(made)) copyAsPublished(file, join(chosen, relative(made, file)));
		rmSync(target, { recursive: true, force: true });
		mkdirSync(dirname(target), { recursive: true });
		renameSync(chosen, target);
	} finally {
		rmSync(made, { recursive: true, force: true });
	}
}

function reachable(made: string): Set<string> {
	const files = new Set<string>();
	const visit = (file: string): void => {
		if (files.has(file)) return;
		files.add(file);
		for (const [, specifier = ""] of withoutComments(file).matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
			if (specifier.startsWith(".")) visit(declarationOf(resolve(dirname(file), specifier)));
			else if (!PACKAGES.test(specifier))
				throw new Error(`${relative(made, file)} names ${specifier} in its declarations`);
		}
	};
	for (const entry of ENTRIES) visit(join(made, entry));
	return files;
}

/** tsc leaves `.ts` in the imports of declarations, which only a program that allows it could read. */
function copyAsPublished(from: string, to: string): void {
	const text = readFileSync(from, "utf8").replaceAll(/(\bfrom "\.[^"]+)\.ts"/g, '$1.js"');
	mkdirSync(dirname(to), { recursive: true });
	writeFileSync(to, text);
}

/** An example in a comment imports us. */
function withoutComments(file: string): string {
	return readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
}

function declarationOf(path: string): string {
	const file = path.replace(/\.(?:js|ts)$/, ".d.ts");
	if (!existsSync(file)) throw new Error(`${file} was not made`);
	return file;
}
