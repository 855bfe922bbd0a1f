// One run → open doors for its hooks, and the arguments that tell claude of them. Whatever cannot be had (a port, a
// private folder, the user's settings) costs hooks, never the run, and is told in the diagnostics.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { HookBody } from "../intake/hook-body.ts";
import { type HookServer, openHookServer } from "../intake/hook-server.ts";
import type { TakeOtlp } from "../intake/otlp-door.ts";
import type { ClaudeArgs } from "../launch/claude-args.ts";
import { layOverlay } from "../launch/overlay.ts";
import { type NoHooks, planRun, type RunPlan } from "../launch/plan-hooks.ts";
import { pruneRuns } from "../launch/prune-runs.ts";
import { makeRunDirectory, type RunDirectory } from "../launch/run-directory.ts";
import { missingHooks } from "./sentences.ts";

export interface DoorOptions {
	claudeArgs: ClaudeArgs;
	config: Config;
	diagnostics: Diagnostics;
	env: NodeJS.ProcessEnv;
	cwd: string;
	packageRoot: string;
	runId: string;
	token: string;
	onHook(body: HookBody): void;
	onOtlp: TakeOtlp;
}

export interface Doors {
	/** For claude. */
	args: readonly string[];
	socketPath?: string;
	/** For claude's environment. */
	env: Readonly<Record<string, string>>;
	/** claude's own telemetry comes to us. */
	native: boolean;
	/** What earlier runs have left, once claude has been started. */
	tidy(): void;
	/** claude has gone. Its exit hint may name our settings file, which then stays, with the user's settings alone. */
	close(keepSettings: boolean): Promise<void>;
}

export async function openDoors(options: DoorOptions): Promise<Doors> {
	const { claudeArgs, config, diagnostics } = options;
	if (!claudeArgs.sessionPersistence) diagnostics.say("info", missingHooks.noTranscript());
	const closed = { args: claudeArgs.args, env: {}, native: false, tidy: () => {}, close: async () => {} };
	const plan = planRun(claudeArgs, config, options.env, options.cwd);
	const { hooks, native } = plan;
	if ("because" in hooks) diagnostics.say("info", whyNoHooks(hooks));
	else if (hooks.why !== undefined) diagnostics.say("info", hooks.why);
	for (const problem of native?.problems ?? []) diagnostics.say("info", problem);
	if (plan.user === undefined || ("because" in hooks && (native?.signals.length ?? 0) === 0)) return closed;
	try {
		return await openPlanned(plan, options);
	} catch (error) {
		diagnostics.say("warn", missingHooks.noDoor(error instanceof Error ? error.message : String(error)));
		return closed;
	}
}

async function openPlanned({ user, others, hooks, native }: RunPlan, options: DoorOptions): Promise<Doors> {
	const { claudeArgs, config, diagnostics, runId, token, onHook, onOtlp } = options;
	if (user === undefined) throw new Error("there are no settings to add ours to");
	const transport = "because" in hooks ? undefined : hooks.transport;
	const wantsNative = native !== undefined && native.signals.length > 0;
	let directory: RunDirectory | undefined;
	const needDirectory = () => {
		directory ??= makeRunDirectory({ ...config, runId, platform: process.platform });
		return directory;
	};
	const wantsSocket = transport === "socket" || (transport !== undefined && claudeArgs.interactive);
	const socketPath = wantsSocket ? needDirectory().socketPath : undefined;
	let server: HookServer | undefined;
	try {
		server = await openHookServer({
			token,
			http: transport === "http",
			socketPath,
			onHook,
			onOtlp: wantsNative ? onOtlp : undefined,
			tell: (sentence) => diagnostics.say("warn", sentence),
		});
		const transcript = claudeArgs.sessionPersistence && config.sources.includes("transcript");
		const overlay = layOverlay({
			claudeArgs: { ...claudeArgs, sessionPersistence: transcript },
			user,
			others,
			env: server.otlpUrl === undefined ? {} : native?.settingsEnv(server.otlpUrl),
			url: server.url,
			forwarder:
				socketPath === undefined
					? undefined
					: { node: process.execPath, path: join(options.packageRoot, "hooks", "forwarder.mjs") },
			settingsPath: () => needDirectory().settingsPath,
		});
		const { file } = overlay;
		const { close } = server;
		return {
			args: overlay.args,
			socketPath,
			env: native?.processEnv(token) ?? {},
			native: wantsNative,
			tidy() {
				if (directory !== undefined) pruneRuns(config.runDir, Date.now());
			},
			async close(keepSettings) {
				await close();
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

function whyNoHooks(no: NoHooks): string {
	switch (no.because) {
		case "flag":
			return missingHooks.flag(no.flag);
		case "hook-events":
			return missingHooks.hookEvents();
		case "disabled":
			return missingHooks.disableAllHooks(no.path);
		case "managed-only":
			return missingHooks.managedOnly(no.path);
		case "settings":
			return missingHooks.settings(no.value);
		case "sources":
			return missingHooks.sources();
	}
}
