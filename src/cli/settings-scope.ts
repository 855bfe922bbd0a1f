// `--project`, `--local` or neither → the settings file that is meant.
import { join } from "node:path";
import { cliMistakes } from "./sentences.ts";
import type { WorkingDirectory } from "./working-directory.ts";

export interface Scope {
	project?: true;
	local?: true;
}

export function settingsPathOf(scope: Scope, claudeConfigDir: string, cwd: WorkingDirectory): string {
	if (scope.project && scope.local) throw cliMistakes.ownUsage("--project and --local name two different files");
	if ((scope.project || scope.local) && cwd.removed) throw cliMistakes.folderRemoved(cwd.path);
	if (scope.project) return join(cwd.path, ".claude", "settings.json");
	return scope.local ? join(cwd.path, ".claude", "settings.local.json") : join(claudeConfigDir, "settings.json");
}
