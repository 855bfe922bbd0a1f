import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { renderMarkdown } from "../../src/views/repl/markdown.ts";
import { createMarkdownStream } from "../../src/views/repl/markdown-stream.ts";
import { plainText } from "../../src/views/repl/plain-text.ts";
import { createTheme } from "../../src/views/repl/theme.ts";
import { seeds } from "../support/seed.ts";

const SEEDS = seeds(1);
const PLAIN = createTheme(0, true);
const PAGE = `# A title

A paragraph with **bold**, *italics*, \`code\`, ~~struck~~ and a [link](https://example.com/a), and words enough to wrap.

- one
- two with \`x < y && z\`
  - inside

1. first
2. second

> said by
> somebody

\`\`\`js
const a = "never wrapped, however long this line of code may be";
\`\`\`

| name | n |
|:-----|--:|
| one  | 1 |
| two  | 22 |

---

- [x] done
- [ ] open
`;

test("a page is lines for a terminal, wrapped at its width but for code", () => {
	expect(`\n${renderMarkdown(PAGE, PLAIN, 40).join("\n")}\n`).toBe(`
A title

A paragraph with bold, italics, code,
struck and a link
(https://example.com/a), and words
enough to wrap.

• one
• two with x < y && z
  • inside

1. first
2. second

│ said by
│ somebody

  const a = "never wrapped, however long this line of code may be";

┌──────┬────┐
│ name │  n │
├──────┼────┤
│ one  │  1 │
│ two  │ 22 │
└──────┴────┘

────────────────────────────────────────

• [x] done
• [ ] open
`);
});

test("a table that is too wide is a line for each cell", () => {
	const table = "| name | what |\n|---|---|\n| one | words and words and words |\n";
	expect(renderMarkdown(table, PLAIN, 24)).toEqual(["• name: one", "  what: words and words", "  and words"]);
});

test("colours change nothing but colours", () => {
	const colored = renderMarkdown(PAGE, createTheme(3, true), 60);
	expect(colored.join("\n")).toContain("\u001b[1m");
	expect(colored.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(renderMarkdown(PAGE, PLAIN, 60));
});

test("codes of a terminal and turns of direction are not handed on", () => {
	const wild = "a\u001b[2Jb\u001b]0;title\u0007c\u009bd\u202ee\rf **g\u0007**";
	expect(plainText(wild)).toBe("abcdef **g**");
	expect(renderMarkdown(wild, PLAIN, 80)).toEqual(["abcdef g"]);
	expect(renderMarkdown("`a\u001b[31mb`\n\n\u001b[1m# x", PLAIN, 80).join("\n")).not.toContain("\u001b");
});

test("any text is rendered, without a code, and paragraphs keep to the width", () => {
	const seed = SEEDS[0];
	fc.assert(
		fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
			const lines = renderMarkdown(text, PLAIN, 40);
			expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
		}),
		{ seed },
	);
	const words = fc.array(fc.constantFrom("word", "日本語", "🎉", "a-much-longer-word-than-others", "b"), {
		minLength: 1,
		maxLength: 60,
	});
	fc.assert(
		fc.property(words, (all) => {
			for (const line of renderMarkdown(all.join(" "), PLAIN, 40)) expect(stringWidth(line)).toBeLessThanOrEqual(40);
		}),
		{ seed },
	);
});

test("a stream gives whole blocks, and of a list whole items, as soon as they are settled", () => {
	const stream = createMarkdownStream();
	const settled = (piece: string) => {
		const { source, continued } = stream.push(piece);
		return continued ? { continued: source } : source;
	};
	expect(settled("A para")).toBe("");
	expect(settled("graph\nof two")).toBe("");
	expect(settled(" lines\n\n")).toBe("A paragraph\nof two lines\n\n");
	expect(settled("- one\n")).toBe("");
	expect(settled("- two\n")).toBe("- one\n");
	expect(settled("- three\n")).toEqual({ continued: "- two\n" });
	expect(settled("\n```\ncode\n")).toEqual({ continued: "- three\n\n" });
	expect(settled("\nmore\n")).toBe("");
	expect(settled("```\nend\n")).toBe("```\ncode\n\nmore\n```\n");
	expect(stream.waiting()).toBe("end\n");
	expect(stream.end()).toEqual({ source: "end\n", continued: false });
});

test("however an answer is chopped, nothing of it is lost or told twice", () => {
	const seed = SEEDS[0];
	fc.assert(
		fc.property(fc.array(fc.nat(PAGE.length), { maxLength: 40 }), (cuts) => {
			const places = [0, ...cuts.toSorted((a, b) => a - b), PAGE.length];
			const stream = createMarkdownStream();
			const pieces = places.slice(1).map((end, at) => stream.push(PAGE.slice(places[at], end)).source);
			expect([...pieces, stream.end().source].join("")).toBe(PAGE);
		}),
		{ seed },
	);
});
