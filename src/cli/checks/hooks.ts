// The settings that Claude Code will read, and the proxy → whether hooks of a run reach us, and by which way.
import { readClaudeArgs } from "../../launch/claude-args.ts";
import { chooseTransport } from "../../launch/hook-transport.ts";
import { type NoHooks, planHooks } from "../../launch/plan-hooks.ts";
import { readRunSettings } from "../../launch/run-settings.ts";
import type { SettingsFile } from "../../launch/settings-files.ts";
import type { Check, Finding } from "./check.ts";
import { findings } from "./findings.ts";

export const checkHooks: Check = ({ config, env, cwd }) => {
	const claudeArgs = readClaudeArgs([], true);
	const settings = readRunSettings(claudeArgs, config, cwd);
	const plan = planHooks(claudeArgs, config, env, settings);
	if ("because" in plan) return whyNot(plan);
	const ranked = settings?.ranked ?? [];
	if (plan.transport === "socket") {
		return [plan.why === undefined ? findings.hooksOverSocket() : findings.hooksAroundProxy(plan.why)];
	}
	// In one's home the folder's settings are the user's too.
	const restricting = [...new Set(ranked.filter(restrictsHttp).map(({ path }) => path))];
	const { proxy } = chooseTransport("auto", env, ranked);
	return [
		proxy === undefined ? findings.hooksOverHttp() : findings.hooksIntoProxy(proxy),
		...(restricting.length > 0 ? [findings.hooksRestricted(restricting)] : []),
	];
};

/** Without arguments of claude's there is no flag in the way. */
export function whyNot(no: NoHooks): Finding[] {
	switch (no.because) {
		case "disabled":
			return [findings.hooksDisabled(no.path)];
		case "managed-only":
			return [findings.hooksManaged(no.path)];
		default:
			return [findings.hooksNotAsked()];
	}
}

function restrictsHttp({ settings }: SettingsFile): boolean {
	return settings.allowedHttpHookUrls !== undefined || settings.httpHookAllowedEnvVars !== undefined;
}
