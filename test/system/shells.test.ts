// The manual page and the completions, read by the programs that they are for.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { COMPLETION_FILES } from "../../tools/completions.ts";
import { ownWords } from "../../tools/own-words.ts";

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const has = (command: string) => spawnSync(command, ["--version"]).status === 0;
const [hasGroff, hasZsh, hasFish] = ["groff", "zsh", "fish"].map(has);

function run(command: string, args: string[]) {
	const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return stdout;
}

test.skipIf(!hasGroff)("groff sets the manual page without a warning (needs Debian's groff-base)", () => {
	const set = run("groff", ["-man", "-ww", "-Tutf8", "-P-c", "-rLL=200n", inProject("docs/claude-otel.1")]);
	// Bold is a letter twice, one over the other.
	const page = set.replaceAll(/.\x08/gu, "");
	expect(page).toContain("CLAUDE_OTEL_LEVEL");
	expect(page).toContain("~/.local/share/claude-otel/spool.db");
	expect(page).toContain("OTEL_EXPORTER_OTLP_TRACES_…");
	expect(page).not.toMatch(/\\|`/);
});

test.skipIf(!hasZsh)("zsh accepts its completion (needs Debian's zsh)", () => {
	run("zsh", ["-n", inProject(`completions/${COMPLETION_FILES.zsh}`)]);
	// Loaded as its completion system loads it, and asked what it would say.
	const script = `
		fpath=($1 $fpath); autoload -Uz compinit; compinit -u -D
		autoload -Uz +X _claude-otel || exit 1
		print -r -- $_comps[claude-otel]
		_describe() { local -a all; all=("\${(@P)@[-1]}"); print -rl -- "\${all[@]%%:*}" }
		words=(claude-otel ""); CURRENT=2; _claude-otel`;
	const said = run("zsh", ["-fc", script, "zsh", inProject("completions")])
		.trim()
		.split("\n");
	expect(said).toEqual(expect.arrayContaining(["_claude-otel", "recover", "install-hooks", "--summary", "--config"]));
});

test.skipIf(!hasFish)("fish accepts its completion and offers our words in front alone (needs Debian's fish)", () => {
	const file = inProject(`completions/${COMPLETION_FILES.fish}`);
	run("fish", ["-n", file]);
	const offered = (line: string) =>
		run("fish", ["-N", "-c", 'source $argv[1]; complete -C "$argv[2]"', file, line])
			.split("\n")
			.map((entry) => entry.split("\t")[0]);
	expect(offered("claude-otel re")).toContain("recover");
	expect(offered("claude-otel --summary --con")).toContain("--config");
	expect(offered("claude-otel install-hooks --")).toContain("--project");
	expect(offered("claude-otel -p --con")).not.toContain("--config");
	// Files where they make sense, and nowhere else.
	expect(offered("claude-otel demo ")).toEqual([""]);
	expect(offered("claude-otel uninstall-hooks ")).toEqual([""]);
	expect(offered("claude-otel ").filter((word) => word !== "")).toEqual(
		ownWords()
			.commands.map(({ name }) => name)
			.toSorted(),
	);
	expect(offered("claude-otel -p ")).toContain("package.json");
	expect(offered("claude-otel --claude-otel-debug=pack")).toContain("--claude-otel-debug=package.json");
});
