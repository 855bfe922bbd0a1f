// Transcripts: whatever lines come, in whatever pieces the file grows, every fact is sound, and a line that is none
// costs no other.
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTranscriptTail } from "../../src/intake/transcript-file.ts";
import { createTranscriptReader } from "../../src/intake/transcript-payload.ts";
import type { Json, RawFact } from "../../src/model/fact.ts";
import { SINCE, type TranscriptSample, transcripts } from "./corpus.ts";
import { type Fuzzed, fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";
import { assertSoundFacts } from "./sound-facts.ts";

const LINES = transcripts.flatMap(({ lines }) => lines.map((line) => Buffer.from(line)));
/** Lines of one file that are read; a lane remembers what came before. */
const LINES_MAX = 30;
let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "fuzz-transcripts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function anyLines(sample: TranscriptSample, { random, mutate }: Fuzzed): string[] {
	const from = random.int(0, Math.max(0, sample.lines.length - LINES_MAX));
	return sample.lines.slice(from, from + LINES_MAX).map((line) => {
		if (random.chance(0.6)) return line;
		if (random.chance(0.3)) return mutate.bytes(Buffer.from(line), LINES).toString();
		return mutate.text(JSON.parse(line) as Json);
	});
}

test("any line makes sound facts, or none", async () => {
	await expect(
		fuzz("transcript lines", {
			share: 0.2,
			input(fuzzed) {
				const { random, mutate } = fuzzed;
				const sample = random.pick(transcripts);
				const read = createTranscriptReader({ ...sample, since: SINCE });
				const at = random.int(0, sample.lines.length - 1);
				for (const line of sample.lines.slice(Math.max(0, at - 3), at)) read(line);
				const changed = mutate.text(JSON.parse(sample.lines[at] as string) as Json);
				assertSoundFacts(read(changed), Buffer.byteLength(changed));
				for (const line of sample.lines.slice(at + 1, at + 3)) assertSoundFacts(read(line), line.length);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("a file gives the same facts however it grows, and however wild some of its lines are", async () => {
	let files = 0;
	await expect(
		fuzz("transcript files", {
			share: 0.02,
			input(fuzzed) {
				const { random } = fuzzed;
				const sample = random.pick(transcripts);
				const text = Buffer.from(
					anyLines(sample, fuzzed)
						.map((line) => `${line}\n`)
						.join(""),
				);
				const path = join(folder, `${files++}.jsonl`);
				const facts: RawFact[] = [];
				const tail = createTranscriptTail(SINCE, (fact) => facts.push(fact));
				tail.follow(path);
				writeFileSync(path, "");
				for (let at = 0; at < text.length; ) {
					const end = Math.min(text.length, at + random.int(1, text.length));
					appendFileSync(path, text.subarray(at, end));
					tail.poll();
					at = end;
				}
				const read = createTranscriptReader({ sessionId: String(files - 1), since: SINCE });
				const expected = text
					.toString()
					.split("\n")
					.slice(0, -1)
					.flatMap((line) => read(line));
				expect(facts.length).toBe(expected.length);
				assertSoundFacts(facts, text.length);
				// A file that was begun anew is read anew.
				truncateSync(path, 0);
				tail.poll();
				rmSync(path);
				tail.poll();
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});
