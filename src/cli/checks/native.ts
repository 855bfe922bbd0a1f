// What is configured of Claude Code's own telemetry → whether a run can have it, and what is odd about it.
import { nativeNotes } from "../../errors.ts";
import { readClaudeArgs } from "../../launch/claude-args.ts";
import { planNative } from "../../launch/native-telemetry.ts";
import { readRunSettings } from "../../launch/run-settings.ts";
import type { SettingsFile } from "../../launch/settings-files.ts";
import { findLock, type Lock, type NativeSignal } from "../../launch/telemetry-env.ts";
import type { Check, CheckContext } from "./check.ts";
import { findings } from "./findings.ts";

const SIGNALS: readonly NativeSignal[] = ["metrics", "logs"];

export const checkNative: Check = (context) => {
	const { config, cwd } = context;
	if (!config.sources.includes("native")) return [findings.nativeNotAsked()];
	return tellNative(readRunSettings(readClaudeArgs([], true), config, cwd)?.ranked ?? [], context);
};

/** @param ranked all settings that say something of it, of rising rank */
export function tellNative(ranked: readonly SettingsFile[], { env, config }: Pick<CheckContext, "env" | "config">) {
	const locks = new Map<string, Lock & { signals: NativeSignal[] }>();
	/** What the plan says of locks is said here with its cure. */
	const notes = new Set<string>();
	for (const signal of SIGNALS) {
		const lock = findLock(signal, ranked);
		if (lock === undefined) continue;
		notes.add(nativeNotes.locked(signal, lock.path, lock.by));
		const key = `${lock.path} ${lock.by}`;
		locks.set(key, { ...lock, signals: [...(locks.get(key)?.signals ?? []), signal] });
	}
	const locked = [...locks.values()].map(({ path, by, signals }) => findings.nativeLocked(path, by, signals));
	const odd = planNative({ env, ranked, config }).problems.filter((problem) => !notes.has(problem));
	const all = [...locked, ...odd.map(findings.nativeOdd)];
	return all.length > 0 ? all : [findings.native()];
}
