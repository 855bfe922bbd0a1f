// Transcripts on disk as they grow: however they are cut into pieces, the facts are the same.
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTranscriptTail } from "../../src/intake/transcript-file.ts";
import type { RawFact } from "../../src/model/fact.ts";
import { scenarios } from "../flows/play.ts";
import { seededRandom, seeds } from "../support/seed.ts";

const SEEDS = seeds();
let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "transcripts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function filesBelow(path: string): string[] {
	if (!existsSync(path)) return [];
	return readdirSync(path).flatMap((name) => {
		const inner = join(path, name);
		return statSync(inner).isDirectory() ? filesBelow(inner) : [inner];
	});
}

function sorted(facts: RawFact[]): string[] {
	return facts.map((fact) => JSON.stringify(fact)).toSorted();
}

/** A prompt with so many characters. */
function line(seconds: number, text = "go"): string {
	const record = {
		type: "user",
		timestamp: new Date(seconds * 1000).toISOString(),
		promptId: `p${seconds}`,
		turnOrigin: "human",
		message: { content: text },
	};
	return `${JSON.stringify(record)}\n`;
}

/** An answer that asks for a call. */
function call(seconds: number, id: string): string {
	const content = [{ type: "tool_use", id, name: "Agent", input: {} }];
	const message = { id: `msg_${id}`, model: "m", stop_reason: "tool_use", stop_details: null, usage: {}, content };
	const timestamp = new Date(seconds * 1000).toISOString();
	return `${JSON.stringify({ type: "assistant", timestamp, promptId: "p", message })}\n`;
}

describe("a recorded session", () => {
	test.each(scenarios())("$name: cut at any byte gives the same facts", ({ folder: scenario, runs }) => {
		const from = join(scenario, "transcripts");
		const files = filesBelow(from).map((path) => ({
			path,
			name: path.slice(from.length + 1),
			bytes: readFileSync(path),
		}));
		const main = files.filter(({ name }) => !name.includes("/")).map(({ name }) => name);
		const since = runs[0]?.startedAt ?? 0;
		const read = (write: (poll: () => void) => void) => {
			const facts: RawFact[] = [];
			const tail = createTranscriptTail(since, (fact) => facts.push(fact));
			for (const name of main) tail.follow(join(folder, name));
			write(() => tail.poll());
			tail.poll();
			return sorted(facts);
		};
		const whole = read(() => {
			for (const { name, bytes } of files) put(name, bytes);
		});
		for (const seed of SEEDS) {
			rmSync(folder, { recursive: true, force: true });
			const random = seededRandom(seed);
			const grown = read((poll) => {
				const open = files.map(({ name, bytes }) => ({ name, bytes, written: 0 }));
				while (open.some(({ bytes, written }) => written < bytes.length)) {
					for (const file of open) {
						const next = file.written + random.int(0, 3000);
						if (file.written < file.bytes.length) put(file.name, file.bytes.subarray(file.written, next));
						file.written = next;
					}
					poll();
				}
			});
			expect(grown).toEqual(whole);
		}
	});

	function put(name: string, bytes: Buffer): void {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		appendFileSync(join(folder, name), bytes);
	}
});

describe("a transcript", () => {
	const follow = (name: string, since = 0) => {
		const facts: RawFact[] = [];
		const tail = createTranscriptTail(since, (fact) => facts.push(fact));
		tail.follow(join(folder, name));
		return { facts, tail };
	};
	const prompts = (facts: RawFact[]) => facts.map((fact) => fact.promptId);

	test("is read line by line, a character split in two pieces too", () => {
		const { facts, tail } = follow("s.jsonl");
		const bytes = Buffer.from(line(1, "grün"));
		const middle = bytes.indexOf(0xc3) + 1;
		writeFileSync(join(folder, "s.jsonl"), bytes.subarray(0, middle));
		tail.poll();
		expect(facts).toEqual([]);
		appendFileSync(join(folder, "s.jsonl"), bytes.subarray(middle));
		tail.poll();
		expect(facts[0]?.content?.prompt).toEqual({ bytes: 5, value: "grün" });
	});

	test("that is not there yet is waited for", () => {
		const { facts, tail } = follow("s.jsonl");
		tail.poll();
		writeFileSync(join(folder, "s.jsonl"), line(1));
		tail.poll();
		tail.poll();
		expect(prompts(facts)).toEqual(["p1"]);
	});

	test("that was written anew is read from its beginning", () => {
		const { facts, tail } = follow("s.jsonl");
		writeFileSync(join(folder, "s.jsonl"), line(1) + line(2));
		tail.poll();
		writeFileSync(join(folder, "s.jsonl"), line(3));
		tail.poll();
		expect(prompts(facts)).toEqual(["p1", "p2", "p3"]);
	});

	test("of many megabytes from earlier runs is read from near its end, and loses nothing of this run", () => {
		const old = Array.from({ length: 90 }, (_, second) => line(second + 1, "x".repeat(100_000))).join("");
		writeFileSync(join(folder, "s.jsonl"), `${old}${line(200)}${line(201)}`);
		const { facts, tail } = follow("s.jsonl", 100_000);
		tail.poll();
		expect(prompts(facts)).toEqual(["p200", "p201"]);
	});

	test("of many megabytes that were written when the clock had been set back loses nothing of this run", () => {
		const seconds = [90, ...Array.from({ length: 90 }, (_, second) => (second < 30 ? 200 : 1) + second)];
		writeFileSync(join(folder, "s.jsonl"), seconds.map((second) => line(second, "x".repeat(100_000))).join(""));
		const { facts, tail } = follow("s.jsonl", 100_000);
		tail.poll();
		expect(prompts(facts)).toEqual(seconds.slice(1).map((second) => `p${second}`));
	});

	test("with a line nested without end in it loses no other", () => {
		const deep = `{"deep":${"[".repeat(50_000)}${"]".repeat(50_000)}}\n`;
		writeFileSync(join(folder, "s.jsonl"), line(1) + deep + line(2));
		const { facts, tail } = follow("s.jsonl");
		tail.poll();
		expect(prompts(facts)).toEqual(["p1", "p2"]);
	});

	test("has lines that are no records skipped, and each of them told", () => {
		let skipped = 0;
		const facts: RawFact[] = [];
		const tail = createTranscriptTail(0, (fact) => facts.push(fact), { onSkip: () => skipped++ });
		tail.follow(join(folder, "s.jsonl"));
		writeFileSync(join(folder, "s.jsonl"), `${line(1)}{"type":"us\n[]\n\n${line(2)}`);
		tail.poll();
		expect(prompts(facts)).toEqual(["p1", "p2"]);
		expect(skipped).toBe(2);
	});

	test("of a fork goes on from the ledger of the session that it comes from, as it was before this run", () => {
		const ledger = (usd: number) => `{"type":"cost-state","totalCostUSD":${usd},"modelUsage":{}}\n`;
		writeFileSync(join(folder, "old.jsonl"), `${line(1)}${ledger(1)}${ledger(2)}${line(200)}${ledger(3)}`);
		writeFileSync(join(folder, "new.jsonl"), `${line(1)}${line(201)}${ledger(4)}`);
		const facts: RawFact[] = [];
		const tail = createTranscriptTail(100_000, (fact) => facts.push(fact), { forkedFrom: "old" });
		tail.follow(join(folder, "new.jsonl"));
		tail.poll();
		const states = facts.flatMap((fact) => (fact.kind === "cost.state" ? [fact] : []));
		expect(states.map(({ totalCostUsd, baseline }) => [totalCostUsd, baseline])).toEqual([
			[1, true],
			[2, true],
			[4, false],
		]);
		expect(new Set(facts.map(({ sessionId }) => sessionId))).toEqual(new Set(["new"]));
	});

	test("is followed once, and nothing but a transcript is", () => {
		const { facts, tail } = follow("s.jsonl");
		tail.follow(join(folder, "s.jsonl"));
		tail.follow("/etc/passwd");
		writeFileSync(join(folder, "s.jsonl"), line(1));
		tail.poll();
		expect(facts).toHaveLength(1);
		expect(tail.paths()).toEqual([join(folder, "s.jsonl")]);
	});

	test("has subagents beside it, whose descriptions may come later and half written", () => {
		const { facts, tail } = follow("s.jsonl");
		mkdirSync(join(folder, "s/subagents"), { recursive: true });
		const meta = join(folder, "s/subagents/agent-a1.meta.json");
		writeFileSync(join(folder, "s/subagents/agent-a1.jsonl"), line(1));
		tail.poll();
		expect(facts).toMatchObject([{ kind: "agent.started", agentId: "a1", sessionId: "s" }]);
		writeFileSync(meta, '{"agentType":"revi');
		tail.poll();
		writeFileSync(meta, '{"agentType":"reviewer","toolUseId":"toolu_1","spawnDepth":1,"requestShape":"foreground"}');
		tail.poll();
		tail.poll();
		expect(facts.slice(1)).toMatchObject([
			{ kind: "agent.described", agentType: "reviewer", toolUseId: "toolu_1", depth: 1, background: false },
		]);
	});

	test("has the subagents that its calls start, however old the clock makes them, and theirs", () => {
		mkdirSync(join(folder, "s/subagents"), { recursive: true });
		const put = (agentId: string, toolUseId: string, ...lines: string[]) => {
			const path = join(folder, `s/subagents/agent-${agentId}`);
			writeFileSync(`${path}.meta.json`, JSON.stringify({ agentType: "reviewer", toolUseId, spawnDepth: 1 }));
			writeFileSync(`${path}.jsonl`, lines.join(""));
			utimesSync(`${path}.jsonl`, 1, 1);
		};
		writeFileSync(join(folder, "s.jsonl"), call(90, "toolu_0") + call(101, "toolu_1"));
		put("a0", "toolu_0", line(90));
		put("a2", "toolu_2", line(1));
		put("a1", "toolu_1", line(1), call(2, "toolu_2"));
		const { facts, tail } = follow("s.jsonl", 100_000);
		tail.poll();
		const started = facts.flatMap((fact) => (fact.kind === "agent.started" ? [fact.agentId] : []));
		expect(started).toEqual(["a1", "a2"]);
	});

	test("has no subagents of earlier runs", () => {
		const { facts, tail } = follow("s.jsonl", 1_000_000);
		mkdirSync(join(folder, "s/subagents"), { recursive: true });
		const path = join(folder, "s/subagents/agent-a1.jsonl");
		writeFileSync(path, line(1));
		utimesSync(path, 1, 1);
		tail.poll();
		expect(facts).toEqual([]);
	});
});
