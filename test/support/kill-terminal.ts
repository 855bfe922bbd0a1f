// One interactive session in which claude-otel is killed at a random moment, alone, with the guardian beside it, or with claude;
// then `claude-otel recover`. In: a seed. Out: nothing, or an error that names what was lost, told twice or seen on the screen.
import { expect } from "vitest";
import { assertTotals, once } from "./kill-run.ts";
import { assertTold } from "./oracle.ts";
import { type Outlived, openOutlived } from "./outlived.ts";
import { isAlive, until } from "./run.ts";
import { bash, step, text } from "./scripting.ts";
import { type Random, seededRandom } from "./seed.ts";
import { openStage, PROTOCOLS, type Stage } from "./stage.ts";
import type { Terminal } from "./terminal.ts";

const VICTIMS = ["claude-otel", "claude-otel", "claude-otel and guardian", "claude-otel and claude"] as const;
type Victim = (typeof VICTIMS)[number];
const PROMPTS = 3;
/** A turn with a call takes about so long. */
const LATEST_KILL_MS = 2_500;

export async function runKilledTerminal(seed: number): Promise<void> {
	const random = seededRandom(seed);
	const victim = random.pick(VICTIMS);
	const inPrompt = random.int(1, PROMPTS);
	const afterMs = random.int(0, LATEST_KILL_MS);
	const clears = random.int(1, PROMPTS);
	const env = { OTEL_BSP_SCHEDULE_DELAY: random.pick(["100", "5000"]), OTEL_METRIC_EXPORT_INTERVAL: "500" };
	const stage = await openStage({ main: scriptOf(random) }, { protocol: random.pick(PROTOCOLS), env });
	try {
		const outlived = await openOutlived(stage, ["--allowedTools", "Bash"]);
		const isOver = await converse(outlived, { victim, inPrompt, afterMs, clears });
		if (!isOver) await outlived.leave();
		await until("the end of all", () => !isAlive(outlived.claude) && !isAlive(outlived.guardian));
		if (victim === "claude-otel") assertQuiet(outlived.terminal);
		expect(await stage.run(["recover"])).toMatchObject({ code: 0, stderr: "" });
		expect((await stage.run(["recover"])).stdout).toBe("No session waits to be recovered.\n");
		assertAllTold(stage, victim);
	} catch (error) {
		const what = `Seed ${seed} (${victim} killed ${afterMs} ms after prompt ${inPrompt}, /clear before ${clears})`;
		throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
	} finally {
		await stage.close();
	}
}

function scriptOf(random: Random) {
	return Array.from({ length: PROMPTS }, (_, index) => {
		const calls = Array.from({ length: random.int(0, 2) }, () => step(bash(`sleep 0.${random.int(0, 9)}`)));
		return [...calls, step(text(`ANSWER-${index + 1}`))];
	}).flat();
}

interface Course {
	victim: Victim;
	inPrompt: number;
	afterMs: number;
	clears: number;
}

/** True where claude was killed too. */
async function converse(outlived: Outlived, { victim, inPrompt, afterMs, clears }: Course): Promise<boolean> {
	const { terminal, claude, guardian, kill } = outlived;
	for (let prompt = 1; prompt <= PROMPTS; prompt++) {
		if (prompt === clears && prompt > 1) {
			await terminal.submit("/clear");
			await terminal.waitForNoText(`ANSWER-${prompt - 1}`);
		}
		await terminal.submit(`prompt ${prompt}`);
		if (prompt === inPrompt) {
			await new Promise((resolve) => setTimeout(resolve, afterMs));
			if (victim === "claude-otel and guardian") process.kill(guardian, "SIGKILL");
			if (victim === "claude-otel and claude") process.kill(claude, "SIGKILL");
			await kill();
			if (victim === "claude-otel and claude") return true;
		}
		await terminal.waitForText(`ANSWER-${prompt}`);
		// The stop of a turn is told after its answer was shown.
		await terminal.waitForText(/· done /);
	}
	return false;
}

function assertAllTold({ receiver, model, home }: Stage, victim: Victim): void {
	const spans = once(receiver.spans);
	assertTotals(spans, receiver.metrics);
	if (victim !== "claude-otel and claude") {
		assertTold(spans, model.requests);
		const turns = spans.filter(({ name }) => name === "invoke_agent claude-code");
		expect(turns.map(({ attributes }) => attributes["turn.status"])).toEqual(Array(PROMPTS).fill("ok"));
		return;
	}
	const told = spans.map(({ attributes }) => attributes["gen_ai.response.id"]);
	for (const { message } of home.records().filter(({ type }) => type === "assistant")) {
		expect(told).toContain((message as { id: string }).id);
	}
}

/** Of hooks the screen shows at most the one that was on its way in the moment of the kill. */
function assertQuiet(terminal: Terminal): void {
	const shown = terminal.raw();
	expect(shown).not.toContain("ECONNREFUSED");
	const failed = new Set([...shown.matchAll(/([\w:]+) hook failed/g)].map(([, name]) => name));
	expect([...failed].slice(1)).toEqual([]);
}
