// One run → open doors for its hooks and for Claude Code's own telemetry, and what tells claude of them: arguments and
// environment. Whatever cannot be had (a port, a private folder, the user's settings) costs that witness, never the run,
// and is told in the diagnostics.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config, NativeDestinations } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { HookBody } from "../intake/hook-body.ts";
import { type HookServer, openHookServer } from "../intake/hook-server.ts";
import type { OtlpRequest } from "../intake/otlp-server.ts";
import type { ClaudeArgs } from "../launch/claude-args.ts";
import type { TransportChoice } from "../launch/hook-transport.ts";
import { type NativePlan, planNative } from "../launch/native-telemetry.ts";
import { layOverlay } from "../launch/overlay.ts";
import { type NoHooks, planHooks } from "../launch/plan-hooks.ts";
import { pruneRuns } from "../launch/prune-runs.ts";
import { makeRunDirectory, type RunDirectory } from "../launch/run-directory.ts";
import { type RunSettings, readRunSettings } from "../launch/run-settings.ts";
import type { StandInBrief } from "../pipeline/stand-in.ts";
import { createGuard } from "./guard-doors.ts";
import { missingHooks, type Witness } from "./sentences.ts";

export interface DoorOptions {
	claudeArgs: ClaudeArgs;
	config: Config;
	diagnostics: Diagnostics;
	env: NodeJS.ProcessEnv;
	cwd: string;
	packageRoot: string;
	runId: string;
	token: string;
	/** Hooks come by the Agent SDK, not by settings. */
	hooksBySdk?: boolean;
	onHook(body: HookBody): void | Promise<void>;
	onOtlp(request: OtlpRequest): void;
	/** What claude sent could not be taken. */
	onDropped(source: "hook" | "native"): void;
}

export interface Doors {
	/** For claude. */
	args: readonly string[];
	/** claude has been told to run our hooks. */
	hooked: boolean;
	socketPath?: string;
	/** Where Claude Code's own telemetry comes to us: for claude's environment, and where it goes on to. */
	native?: { processEnv: Record<string, string>; destinations: NativeDestinations };
	/** In interactive runs, some time after claude's start: holds the doors for when this process is killed. */
	guard?(brief: Omit<StandInBrief, "doors">): void;
	/** What earlier runs have left, once claude has been started. */
	tidy(): void;
	/** claude has gone. Its exit hint may name our settings file, which then stays, with the user's settings alone. */
	close(keepSettings: boolean): Promise<void>;
}

export async function openDoors(options: DoorOptions): Promise<Doors> {
	const { claudeArgs, config, diagnostics } = options;
	const closed = { args: claudeArgs.args, hooked: false, tidy: () => {}, close: async () => {} };
	const settings = readRunSettings(claudeArgs, config, options.cwd);
	const hooks: TransportChoice | NoHooks = options.hooksBySdk
		? { because: "sdk" }
		: planHooks(claudeArgs, config, options.env, settings);
	const native = settings && config.sources.includes("native") ? nativePlan(settings, options) : undefined;
	const hooked = options.hooksBySdk === true ? config.sources.includes("hooks") : !("because" in hooks);
	const left: Witness[] = [hooked ? (["hooks"] as const) : [], witnessesWithoutDoors(options)].flat();
	if (native !== undefined) left.push("claude's own telemetry");
	if (!claudeArgs.sessionPersistence) diagnostics.say("info", missingHooks.noTranscript(left));
	const why = "because" in hooks ? whyNoHooks(hooks, left) : hooks.why;
	if (why !== undefined) diagnostics.say("info", why);
	if (settings === undefined) return closed;
	const plan: DoorPlan = { settings, hooks: "because" in hooks ? undefined : hooks, native };
	if (plan.hooks === undefined && plan.native === undefined) return closed;
	try {
		return await openPlanned(plan, options);
	} catch (error) {
		diagnostics.say(
			"warn",
			missingHooks.noDoor(error instanceof Error ? error.message : String(error), witnessesWithoutDoors(options)),
		);
		return closed;
	}
}

/** What is read from files, however claude is started. */
export function witnessesWithoutDoors({ claudeArgs, config }: Pick<DoorOptions, "claudeArgs" | "config">): Witness[] {
	return claudeArgs.sessionPersistence && config.sources.includes("transcript") ? ["the transcript"] : [];
}

function nativePlan({ ranked }: RunSettings, { env, config, diagnostics }: DoorOptions): NativePlan | undefined {
	const plan = planNative({ env, ranked, config });
	for (const problem of plan.problems) diagnostics.say("info", problem);
	return "settingsEnv" in plan ? plan : undefined;
}

interface DoorPlan {
	settings: RunSettings;
	hooks?: TransportChoice;
	native?: NativePlan;
}

async function openPlanned({ settings, hooks, native }: DoorPlan, options: DoorOptions): Promise<Doors> {
	const { claudeArgs, config, diagnostics, runId, token, onHook, onOtlp, onDropped } = options;
	let directory: RunDirectory | undefined;
	const needDirectory = () => {
		directory ??= makeRunDirectory({ ...config, runId, platform: process.platform });
		return directory;
	};
	const wantsSocket = hooks !== undefined && (hooks.transport === "socket" || claudeArgs.interactive);
	const socketPath = wantsSocket ? needDirectory().socketPath : undefined;
	let server: HookServer | undefined;
	const guard = claudeArgs.interactive ? createGuard(options, () => server?.descriptors() ?? {}) : undefined;
	try {
		server = await openHookServer({
			token,
			beforeAgain: guard?.end,
			http: hooks?.transport === "http",
			socketPath,
			onHook,
			onOtlp: native && onOtlp,
			onDropped,
			tell: (sentence) => diagnostics.say("warn", sentence),
		});
		const { close, otlpUrl } = server;
		const taken = otlpUrl === undefined ? undefined : native;
		if (hooks === undefined && taken === undefined) throw new Error("the http door takes no telemetry");
		const overlay = layOverlay({
			claudeArgs: config.sources.includes("transcript") ? claudeArgs : { ...claudeArgs, sessionPersistence: false },
			user: settings.user,
			others: settings.others,
			url: hooks?.transport === "http" ? server.url : undefined,
			forwarder:
				socketPath === undefined
					? undefined
					: { node: process.execPath, path: join(options.packageRoot, "hooks", "forwarder.mjs") },
			native: taken && { env: taken.settingsEnv({ http: otlpUrl ?? "" }), secret: taken.secretSettingsEnv(token) },
			settingsPath: () => needDirectory().settingsPath,
		});
		const { file } = overlay;
		return {
			args: overlay.args,
			hooked: hooks !== undefined,
			socketPath,
			native: taken && { processEnv: taken.processEnv(token), destinations: taken.destinations },
			guard: guard?.start,
			tidy() {
				if (directory !== undefined) pruneRuns(config.runDir, Date.now());
			},
			async close(keepSettings) {
				await Promise.all([close(), guard?.end()]);
				if (file !== undefined && keepSettings) writeFileSync(file.path, file.userText);
				directory?.remove(file !== undefined && keepSettings);
			},
		};
	} catch (error) {
		await server?.close();
		directory?.remove(false);
		throw error;
	}
}

function whyNoHooks(no: NoHooks, left: readonly Witness[]): string | undefined {
	switch (no.because) {
		case "sdk":
			return undefined;
		case "sources":
			return missingHooks.sources(left);
		case "flag":
			return missingHooks.flag(no.flag, left);
		case "hook-events":
			return missingHooks.hookEvents(left);
		case "disabled":
			return missingHooks.disableAllHooks(no.path, left);
		case "managed-only":
			return missingHooks.managedOnly(no.path, left);
		case "settings":
			return missingHooks.settings(no.value, left);
	}
}
