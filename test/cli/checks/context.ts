// What a check goes by, from an environment. In: variables, and what differs. Out: the context, without a claude.

import type { CheckContext, Finding } from "../../../src/cli/checks/check.ts";
import { loadConfig } from "../../../src/config.ts";

export function contextOf(env: Record<string, string>, more: Partial<CheckContext> = {}): CheckContext {
	const { config, problems } = loadConfig(env, "linux");
	return {
		config,
		problems,
		claude: { missing: true },
		env,
		cwd: config.home,
		packageRoot: config.home,
		platform: "linux",
		node: { path: process.execPath, version: process.versions.node },
		diagnostics: { say() {}, release() {}, close() {} },
		...more,
	};
}

/** `broken store: /a/store.db cannot be used …`: to compare with a pattern. */
export function told(findings: readonly Finding[]): string[] {
	return findings.map(({ check, outcome, sentence }) => `${outcome} ${check}: ${sentence}`);
}
