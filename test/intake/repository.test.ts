// What is checked out in a directory, read from .git files of every form; git itself is never run.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRepositoryReader, readRepository, withoutCredentials } from "../../src/intake/repository.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "fedcba9876543210fedcba9876543210fedcba98";
let root: string;

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "repository-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
	mkdirSync(dirname(join(root, path)), { recursive: true });
	writeFileSync(join(root, path), text);
}

describe("a repository", () => {
	test("on a branch tells branch and commit, from any folder in it", () => {
		write(".git/HEAD", "ref: refs/heads/feature/one\n");
		write(".git/refs/heads/feature/one", `${COMMIT}\n`);
		write("src/deep/file", "");
		expect(readRepository(join(root, "src/deep"))).toEqual({ branch: "feature/one", revision: COMMIT });
	});

	test("with packed refs tells the commit that is packed, unless a loose one is newer", () => {
		write(".git/HEAD", "ref: refs/heads/main\n");
		write(".git/packed-refs", `# pack-refs with: peeled fully-peeled sorted\n${COMMIT} refs/heads/main\n^${OTHER}\n`);
		expect(readRepository(root)).toEqual({ branch: "main", revision: COMMIT });
		write(".git/refs/heads/main", `${OTHER}\n`);
		expect(readRepository(root).revision).toBe(OTHER);
	});

	test("with a detached HEAD has a commit and no branch", () => {
		write(".git/HEAD", `${COMMIT}\n`);
		expect(readRepository(root)).toEqual({ revision: COMMIT });
	});

	test("without a commit has a branch alone", () => {
		write(".git/HEAD", "ref: refs/heads/main\n");
		expect(readRepository(root)).toEqual({ branch: "main" });
	});

	test("in a worktree reads its own HEAD and the common refs and configuration", () => {
		write("main/.git/refs/heads/side", `${COMMIT}\n`);
		write("main/.git/config", '[remote "origin"]\n\turl = https://example.com/team/project.git\n');
		write("main/.git/worktrees/side/HEAD", "ref: refs/heads/side\n");
		write("main/.git/worktrees/side/commondir", "../..\n");
		write("side/.git", `gitdir: ${join(root, "main/.git/worktrees/side")}\n`);
		const url = "https://example.com/team/project.git";
		expect(readRepository(join(root, "side"))).toEqual({ branch: "side", revision: COMMIT, url });
	});

	test("that is a submodule is found through a relative path", () => {
		write("outer/.git/modules/inner/HEAD", `${COMMIT}\n`);
		write("outer/inner/.git", "gitdir: ../.git/modules/inner\n");
		expect(readRepository(join(root, "outer/inner"))).toEqual({ revision: COMMIT });
	});

	test("with SHA-256 ids", () => {
		const long = COMMIT.padEnd(64, "0");
		write(".git/HEAD", `${long}\n`);
		expect(readRepository(root).revision).toBe(long);
	});

	test("whose references run in a circle, or out of the folder, has no commit", () => {
		write(".git/HEAD", "ref: refs/heads/a\n");
		write(".git/refs/heads/a", "ref: refs/heads/b\n");
		write(".git/refs/heads/b", "ref: refs/heads/a\n");
		expect(readRepository(root)).toEqual({ branch: "a" });
		write("secret", `${COMMIT}\n`);
		write(".git/HEAD", "ref: refs/heads/../../../secret\n");
		expect(readRepository(root).revision).toBeUndefined();
	});

	test("that is broken, or none, tells nothing", () => {
		expect(readRepository(root)).toEqual({});
		write(".git", "gitdir: /nowhere/at/all\n");
		expect(readRepository(root)).toEqual({});
	});

	test("takes the address of origin, not of another remote", () => {
		write(".git/HEAD", `${COMMIT}\n`);
		write(
			".git/config",
			'[remote "fork"]\n\turl = https://example.com/fork\n[remote "origin"]\n\turl = git@example.com:team/project.git\n',
		);
		expect(readRepository(root).url).toBe("ssh://example.com/team/project.git");
	});
});

test.each([
	["https://user:token@example.com/a/b.git?x=secret#y", "https://example.com/a/b.git"],
	["https://token@example.com:8443/a", "https://example.com:8443/a"],
	["ssh://git@example.com/a/b.git", "ssh://example.com/a/b.git"],
	["git@example.com:a/b.git?token=x", "ssh://example.com/a/b.git"],
	["example.com:a/b", "ssh://example.com/a/b"],
	["file:///home/dev/a", undefined],
	["/home/dev/a", undefined],
])("the address %s is told as %s", (url, told) => {
	expect(withoutCredentials(url)).toBe(told);
});

test("a directory is read again after two seconds, not before", () => {
	let now = 0;
	const read = createRepositoryReader(() => now);
	write(".git/HEAD", "ref: refs/heads/one\n");
	expect(read(root).branch).toBe("one");
	write(".git/HEAD", "ref: refs/heads/two\n");
	now = 1999;
	expect(read(root).branch).toBe("one");
	now = 2000;
	expect(read(root).branch).toBe("two");
});
