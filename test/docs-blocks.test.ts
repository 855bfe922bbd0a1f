// Every block of code in the documents: shell is run with a claude that answers at once, data is parsed, and names are those
// that the program knows. What is shown as output is marked `text`, what is typed and not run here `console`.
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { configurationSections, RUN_VARIABLES } from "../src/config.ts";
import { FLAG_ARITY, FLAG_NAMES } from "../src/launch/claude-flags.ts";
import { ownWords } from "../tools/own-words.ts";
import { CLAUDE_OTEL, type ClaudeHome, makeClaudeHome } from "./support/claude-home.ts";
import { run } from "./support/run.ts";
import { putOnPath } from "./support/shims.ts";

const ROOT = join(import.meta.dirname, "..");
const posix = process.platform !== "win32";

interface Block {
	page: string;
	line: number;
	language: string;
	code: string;
}

const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].concat(
	readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".md"))
		.map((name) => join("docs", name)),
);
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");
const BLOCKS = PAGES.flatMap(blocksOf);
const named = (block: Block) => ({ name: `${block.page}:${block.line}`, ...block });
const inLanguage = (language: string) => BLOCKS.filter((block) => block.language === language).map(named);

function blocksOf(page: string): Block[] {
	const text = textOf(page);
	return [...text.matchAll(/^([ \t]*)```(\S*)[^\n]*\n([^]*?)^\1```[ \t]*$/gm)].map((match) => ({
		page,
		line: text.slice(0, match.index).split("\n").length,
		language: match[2] ?? "",
		code: (match[3] ?? "").replaceAll(new RegExp(`^${match[1]}`, "gm"), ""),
	}));
}

test("every block says what it is", () => {
	// Programs for the library have a test of their own.
	const known = ["sh", "json", "yaml", "text", "console", "ts"];
	expect(BLOCKS.filter(({ language }) => !known.includes(language))).toEqual([]);
	expect(BLOCKS.filter(({ language, page }) => language === "ts" && page !== "docs/library.md")).toEqual([]);
	expect(inLanguage("sh").length).toBeGreaterThan(20);
});

test.each(inLanguage("yaml"))("$name is YAML", ({ code }) => {
	expect(typeof parseYaml(code)).toBe("object");
});

describe("with a claude that answers at once, and no network", () => {
	let home: ClaudeHome;
	let env: Record<string, string>;

	beforeAll(() => {
		// A port that nobody listens on stands for everything outside: nothing of a page is ever sent away.
		const nobody = "http://127.0.0.1:9";
		home = makeClaudeHome(nobody);
		const forgiving = `'${process.execPath}' '${CLAUDE_OTEL}' "$@" || { [ $? -eq 1 ] && case $1 in flush|recover) ;; *) exit 1 ;; esac; }`;
		const PATH = putOnPath(home, {
			claude: ["sh", "-c", "echo answered", "claude"],
			// Nobody takes what these want to deliver.
			"claude-otel": ["sh", "-c", forgiving, "claude-otel"],
			npm: ["true"],
			node: [process.execPath],
		});
		env = {
			PATH,
			USER: "somebody",
			EXAMPLES: join(ROOT, "docs/examples"),
			HTTP_PROXY: nobody,
			HTTPS_PROXY: nobody,
			CLAUDE_OTEL_EXIT_GRACE_MS: "100",
		};
	});
	afterAll(() => home.remove());

	test.skipIf(!posix).each(inLanguage("sh"))("$name runs, and its settings can be read", async ({ code }) => {
		const cwd = realpathSync(mkdtempSync(join(tmpdir(), "claude-otel-block-")));
		try {
			const script = `${code}\nclaude-otel --config >config.txt\n`;
			const { code: exitCode, stderr } = await run(home, "sh", ["-euc", script, "sh"], { env, cwd });
			expect({
				exitCode,
				stderr: stderr.replace(/^claude-otel [\d-]+T.*\n|^claude-otel: this session\n(?: .*\n)+/gm, ""),
			}).toEqual({ exitCode: 0, stderr: "" });
			expect(existsSync(join(cwd, "config.txt"))).toBe(true);
		} finally {
			rmSync(cwd, { recursive: true });
		}
	});

	test.each(inLanguage("json"))("$name is a file that CLAUDE_OTEL_REDACT_CONFIG takes", async ({ code }) => {
		const file = join(home.home, "redact.json");
		writeFileSync(file, code);
		const claude = join(env.PATH?.split(":")[0] ?? "", "claude");
		const more = { ...env, CLAUDE_BIN: claude, CLAUDE_OTEL_REDACT_CONFIG: file };
		expect(await run(home, process.execPath, [CLAUDE_OTEL, "-p", "hi"], { env: more })).toMatchObject({ code: 0 });
	});
});

test.each(PAGES)("every variable in %s is one that the program reads or gives", (page) => {
	const rows = configurationSections().flatMap((section) => section.rows);
	const given = rows.flatMap(({ meaning }) => [...meaning.matchAll(/\bCLAUDE_OTEL_[A-Z_]+\b/g)].map(String));
	const read = rows.flatMap(({ variables }) => variables);
	const perSignal = read
		.filter((name) => name.startsWith("OTEL_EXPORTER_OTLP_"))
		.flatMap((name) => ["TRACES", "METRICS", "LOGS"].map((it) => name.replace("OTLP_", `OTLP_${it}_`)));
	const known = new Set([...read, ...perSignal, ...given, ...RUN_VARIABLES]);
	// In the tables of migration.md the first column has the names of others.
	const ours = page.endsWith("migration.md") ? textOf(page).replaceAll(/^\| [^|]* \|/gm, "|") : textOf(page);
	const found = [...ours.matchAll(/\b(?:CLAUDE_OTEL|OTEL)_[A-Z0-9_]+/g)].map(String);
	expect([...new Set(found)].filter((name) => !name.endsWith("_") && !known.has(name))).toEqual([]);
});

test("every script of npm that is named is there", () => {
	const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
	const named = PAGES.flatMap((page) => [...textOf(page).matchAll(/\bnpm (?:run (?:-s )?([a-z:]+)|(test)\b)/g)]);
	const names = named.map((match) => match[1] ?? match[2] ?? "");
	expect(names.length).toBeGreaterThan(10);
	expect(names.filter((name) => !(name in scripts))).toEqual([]);
});

test("every flag in a block is ours or claude's", () => {
	const ours = [...ownWords().flags, ...ownWords().commands.flatMap(({ flags }) => flags)].map(({ name }) => name);
	const known = new Set([...ours, ...FLAG_ARITY.keys(), ...Object.keys(FLAG_NAMES)]);
	const lines = BLOCKS.filter(({ language }) => ["sh", "console"].includes(language))
		.flatMap(({ code }) => code.split("\n"))
		.filter((line) => /^(?:[A-Z_]+=\S+ )*claude-otel /.test(line));
	const flags = lines.flatMap((line) =>
		[...line.replace(/#.*$|"[^"]*"/g, "").matchAll(/ (--?[a-zA-Z][a-z-]*)/g)].map(([, flag = ""]) => flag),
	);
	expect(flags.length).toBeGreaterThan(10);
	expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
});

test("what troubleshooting.md quotes is what the program says", () => {
	const sources = [
		"src/errors.ts",
		"src/config/table.ts",
		"src/cli/sentences.ts",
		"src/sinks/delivery.ts",
		"src/sinks/failure.ts",
		"src/open-database.ts",
		"src/launch/hook-transport.ts",
	]
		.map(textOf)
		.join("\n")
		.replaceAll("\\`", "`");
	const plain = textOf("docs/troubleshooting.md").replaceAll(/^```[^]*?^```$/gm, "");
	const quotes = [...plain.matchAll(/`([^`\n]+)`/g)]
		.map(([, quote = ""]) => quote)
		.filter((quote) => quote.includes("…") || /^[A-Za-z][a-z]+ [a-z]+ .*[a-z.]$/.test(quote))
		.filter((quote) => !quote.startsWith("claude-otel "));
	// Between the pieces of a template stands what is of the case.
	const pieces = quotes
		.flatMap((quote) => quote.split(/ ?… ?|http:\/\/|[()]/))
		.map((piece) => piece.replace(/^[,;] /, "").trim());
	const told = pieces.filter((piece) => piece.length > 3);
	expect(told.length).toBeGreaterThan(15);
	expect(told.filter((piece) => !sources.includes(piece))).toEqual([]);
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
	return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

test.each(PAGES)("every link within the pages from %s leads to a heading that is there", (page) => {
	const links = [...textOf(page).matchAll(/\]\(([^)\s:]*)#([^)\s]+)\)/g)].map(([, file = "", anchor = ""]) => ({
		file: file === "" ? page : join(page, "..", file),
		anchor,
	}));
	expect(links.filter(({ file, anchor }) => !anchorsOf(file).includes(anchor))).toEqual([]);
});
