import { describe, expect, it } from "vitest";
import { createSecretFinder } from "../../src/privacy/find-secrets.ts";
import { createRedaction, DEFAULT_RULES, replaceSpans } from "../../src/privacy/redact.ts";
import type { SecretRule } from "../../src/privacy/secret-rule.ts";
import { ALNUM, EXAMPLES, filler } from "./secret-examples.ts";

const { find } = createRedaction({ patterns: [], allowlist: [], disableDefaults: false, literals: [] });
const redact = (text: string, cut = false) => replaceSpans(text, find(text, cut));

describe("each rule", () => {
	it("has an example", () => {
		const covered = new Set(EXAMPLES.map((example) => example.rule));
		expect(DEFAULT_RULES.map((rule) => rule.name).filter((name) => !covered.has(name))).toEqual([]);
	});

	it.each(EXAMPLES)("$rule finds its secret by itself: $text", ({ rule, text, secret }) => {
		const own = createSecretFinder([DEFAULT_RULES.find(({ name }) => name === rule) as SecretRule]);
		expect(replaceSpans(text, own(text, false))).not.toContain(secret);
	});
});

describe("a secret", () => {
	const surroundings: readonly [string, (secret: string) => string][] = [
		["in a sentence", (text) => `I used ${text} for it, was that right?`],
		["after a line end", (text) => `first\n${text}\nlast`],
		["in JSON", (text) => JSON.stringify({ note: text })],
		["in JSON in JSON", (text) => JSON.stringify({ body: JSON.stringify({ note: `a\n${text}` }) })],
		["as a key of JSON", (text) => JSON.stringify({ [text]: 1 })],
		[
			"with Unicode escapes",
			(text) => `"${text.replace(/[a-zA-Z](?=.?$)|^[a-zA-Z]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)}"`,
		],
	];
	const wordLike = EXAMPLES.filter(({ secret }) => /^[\w.~-]{8,}$/.test(secret));
	describe.each(surroundings)("%s", (_where, surround) => {
		it.each(wordLike)("of kind $rule is found: $text", ({ text, secret }) => {
			const result = redact(surround(text));
			expect(result).not.toContain(secret.slice(2, -2));
			expect(result).toContain("[REDACTED]");
		});
	});

	it.each(EXAMPLES)(
		"of kind $rule leaves no half behind where the text was cut in it: $text",
		({ rule, text, secret }) => {
			const start = text.indexOf(secret);
			for (let end = start + 13; end < start + secret.length; end++) {
				const result = redact(`x ${text.slice(0, end)}`, true);
				// Bare lines of base64 that nothing introduces are not known as a key before their END line.
				if (rule === "private-key-end") continue;
				// What is told of a web token before its payload is its header, and no secret.
				const visible = secret.startsWith("ey") ? secret.slice(secret.indexOf(".") + 1) : secret;
				for (let at = 0; at + 13 <= visible.length; at++) expect(result).not.toContain(visible.slice(at, at + 13));
			}
		},
	);

	it.each(EXAMPLES)("of kind $rule, once redacted, stays as it is: $text", ({ text }) => {
		const once = redact(text);
		expect(redact(once)).toBe(once);
	});
});

describe("what is no secret", () => {
	it.each([
		"max_tokens=4096 input_tokens: 512, tokens: 12",
		'{"token_count": 5, "max_token": 4096, "cacheReadTokens": 17}',
		"password: string; token?: string | undefined;",
		"const token = getToken(user);",
		"export TOKEN=$GITHUB_TOKEN PASSWORD=${DB_PASSWORD} KEY=$(cat key)",
		"curl -H 'Authorization: Bearer $TOKEN' https://example.com",
		"http://localhost:3000/@vite/client",
		"git@github.com:acme/app.git and https://example.com/a?b=c#d",
		"ssh://git@example.com/app.git",
		"the author: somebody, authored by: me",
		"foreign_key: id, primary_key=True, sort_key: name, public_key: abc",
		"5e2b1c9a-7735-46e3-9a31-9f14b0476e88 toolu_01RZDvrNZDr4qmoFt7 msg_01XFDUDYJgAACzvnptvVoYEL req_011CSHoEeqs5C35K2UUqR7Fy",
		"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 me@host",
		"task-0123456789abcdefghij and disk-0123456789abcdefghij",
		"password=<your password> token=*** secret=... password=[REDACTED]",
		"PWD=/home/dev/project OLDPWD=/tmp cd",
		"token_type=bearer&expires_in=3600&token_url=none",
		"Bearer authentication and basic authentication are schemes",
		"npm run test -- --token-limit 5",
		"src/auth/password.ts: 12 lines; keys: a, b",
		"# pass 12\n# fail 0",
		"[REDACTED]",
	])("stays: %s", (text) => {
		expect(redact(text)).toBe(text);
	});

	it("stays in a program: most lines of one are untouched", () => {
		const program = "for (const key of Object.keys(map)) { if (!seen.has(key)) result.push(map[key]); }";
		expect(redact(program)).toBe(program);
	});
});

describe("a hostile text", () => {
	const timeOf = (part: string, length: number) => {
		const text = part.repeat(Math.ceil(length / part.length));
		const started = performance.now();
		find(text, true);
		return performance.now() - started;
	};

	it.each([
		"token=",
		"token='",
		'token="',
		"token=,,,",
		"password: ",
		'"key" value',
		"key-key_key.",
		"--token ",
		"login a password ",
		"://",
		"://a:",
		".eyJ",
		"eyJ.",
		"eyJeyJeyJeyJ.",
		"Bearer a",
		"Authorization: ",
		"curl -u",
		"mysql -p",
		"-----BEGIN PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY(",
		"-----END PRIVATE KEY-----",
		"<password>",
		"sk-ant-",
		"a.bbbbbb.",
		"[REDACTED]",
		"key\\u0061",
		'\\\\\\"',
	])("of 1 MB made of %j takes linear time", (part) => {
		// About 0.1 to 0.5 s; quadratic time would be many minutes.
		expect(timeOf(part, 1_000_000)).toBeLessThan(20_000);
	});

	it("made of any word that a rule looks for takes linear time", () => {
		const words = new Set(DEFAULT_RULES.flatMap((rule) => rule.anchors));
		for (const word of words) expect(timeOf(word, 100_000)).toBeLessThan(5000);
	});

	it("that never ends a quotation is redacted to its end", () => {
		expect(redact(`password="${filler(ALNUM, 1_000_000)}`)).toBe('password="[REDACTED]');
	});
});
