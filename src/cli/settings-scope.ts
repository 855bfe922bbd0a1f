// `--project`, `--local` or neither → the settings file that is meant.
import { join } from "node:path";
import { cliMistakes } from "./sentences.ts";

export interface Scope {
	project?: true;
	local?: true;
}

export function settingsPathOf(scope: Scope, claudeConfigDir: string, cwd: string): string {
	if (scope.project && scope.local) throw cliMistakes.ownUsage("--project and --local name two different files");
	if (scope.project) return join(cwd, ".claude", "settings.json");
	return scope.local ? join(cwd, ".claude", "settings.local.json") : join(claudeConfigDir, "settings.json");
}
