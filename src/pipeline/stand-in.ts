// A run whose claude-otel was killed while its claude lives on → its hooks are answered as before, and what they and
// claude's own telemetry tell is kept for whoever recovers the run. Loaded by hooks/guardian.mjs; ends with claude.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../clock.ts";
import { type Config, loadConfig, type NativeDestinations } from "../config.ts";
import { createDiagnostics } from "../diagnostics.ts";
import type { HookBody } from "../intake/hook-body.ts";
import { readHookPayload } from "../intake/hook-payload.ts";
import { createHookRate } from "../intake/hook-rate.ts";
import { type DoorDescriptors, openHookServer } from "../intake/hook-server.ts";
import { createOtlpReader } from "../intake/otlp-payload.ts";
import type { OtlpRequest } from "../intake/otlp-server.ts";
import { createRepositoryReader } from "../intake/repository.ts";
import { createSessionFinder } from "../intake/session-finder.ts";
import { sessionOf } from "../intake/transcript-file.ts";
import type { RawFact } from "../model/fact.ts";
import { isAlive, pidOf } from "../process-identity.ts";
import { createRunPrivacy } from "../run-privacy.ts";
import { cleanNamed } from "./clean-texts.ts";
import { openKeeping } from "./keeping.ts";
import { openPassOn } from "./pass-on.ts";
import type { RunContext } from "./run-context.ts";

/** What a process needs to stand in for another; texts alone. */
export interface StandInBrief {
	runId: string;
	token: string;
	/** Of the input digests: base64. */
	digestKey: string;
	/** Identities, see process-identity.ts. */
	owner: string;
	claude: string;
	cwd: string;
	context: RunContext;
	/** claude's own telemetry comes to us, and goes on to there. */
	native?: NativeDestinations;
	/** Where the doors are in the process that stands in. */
	doors: DoorDescriptors;
}

interface Keeper {
	hook(body: HookBody): void;
	otlp(request: OtlpRequest): void;
	look(): void;
	close(): Promise<void>;
}

/** How often it is asked whether claude lives and which session it is in. */
const LOOK_MS = 500;
/** How often others are told that the run goes on. */
const ALIVE_MS = 60_000;

export async function standIn(text: string, env: NodeJS.ProcessEnv): Promise<void> {
	const brief = JSON.parse(text) as StandInBrief;
	if (!isAlive(brief.claude)) return;
	const { config } = loadConfig(env);
	// What cannot be kept is answered all the same.
	const keeper = openKeeper(brief, config).catch(() => undefined);
	const server = await openHookServer({
		token: brief.token,
		http: true,
		inherited: brief.doors,
		onHook: async (body) => (await keeper)?.hook(body),
		onOtlp: (request) => void keeper.then((ready) => ready?.otlp(request)),
		tell: () => {},
	});
	while (isAlive(brief.claude)) {
		await sleep(LOOK_MS);
		(await keeper)?.look();
	}
	await server.close();
	await (await keeper)?.close();
}

async function openKeeper(brief: StandInBrief, config: Config): Promise<Keeper> {
	const { runId, owner, claude, cwd, context } = brief;
	const { startedAt, sessionPersistence } = context;
	const diagnostics = createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: systemClock });
	const { store } = await openKeeping({ ...config, spool: { at: "nowhere" } }, diagnostics);
	const journal = store?.begin({ runId, owner, claude, startedAt, context: JSON.stringify(context) });
	const privacy = createRunPrivacy(config, [brief.token]);
	const repository = createRepositoryReader(systemClock);
	const passedOn = await openPassOn(brief.native, config, cleanNamed(privacy.text), diagnostics);
	const readOtlp = createOtlpReader();
	const isWithinRate = createHookRate();
	const digestKey = Buffer.from(brief.digestKey, "base64");
	const finder = createSessionFinder({ config, startedAt, cwd, sessionPersistence, claudePid: pidOf(claude) }, (path) =>
		journal?.session(sessionOf(path)),
	);
	let aliveAt = 0;

	function keep(raws: readonly RawFact[]): void {
		const facts = raws.map((raw) => {
			const { branch, revision } = raw.cwd === undefined ? {} : repository(raw.cwd);
			return privacy.protect({ ...raw, branch, revision });
		});
		if (facts.length > 0) journal?.keep(facts);
	}

	return {
		hook(body) {
			if (isWithinRate(body) && finder.accepts(body.json)) keep(readHookPayload(body, { digestKey }));
		},
		otlp(request) {
			passedOn?.forward(request);
			keep(readOtlp(request).filter((fact) => finder.admits(fact.sessionId, fact.promptId !== undefined)));
		},
		look() {
			finder.look();
			if (systemClock() - aliveAt < ALIVE_MS) return;
			aliveAt = systemClock();
			journal?.alive(aliveAt);
		},
		async close() {
			await passedOn?.flush(config.exitGraceMs);
			store?.close();
		},
	};
}
