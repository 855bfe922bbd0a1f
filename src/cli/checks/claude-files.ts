// Claude Code's own folder and its settings → whether it can keep transcripts, and which of the settings it ignores whole.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { canBeMade } from "../../can-be-made.ts";
import { settingsPaths } from "../../launch/settings-files.ts";
import { readJsonTree } from "../read-json-tree.ts";
import type { Check, Finding } from "./check.ts";
import { findings } from "./findings.ts";

export const checkClaudeFiles: Check = ({ config, cwd, platform }) => {
	const { claudeConfigDir } = config;
	const unfit = whyUnfit(claudeConfigDir);
	if (unfit !== undefined) return [findings.configDirUnfit(claudeConfigDir, unfit)];
	const ignored = settingsPaths({ claudeConfigDir, cwd, platform, restricted: false }).flatMap(whyIgnored);
	return ignored.length > 0 ? ignored : [findings.claudeFiles(claudeConfigDir)];
};

export type UnfitFolder = "no-folder" | "unwritable";

function whyUnfit(folder: string): UnfitFolder | undefined {
	try {
		const found = statSync(folder, { throwIfNoEntry: false });
		if (found === undefined) return canBeMade(`${folder}/settings.json`) ? undefined : "unwritable";
		if (!found.isDirectory()) return "no-folder";
		accessSync(folder, constants.W_OK);
		return undefined;
	} catch {
		return "unwritable";
	}
}

function whyIgnored(path: string): Finding[] {
	try {
		const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
		if (text.trim() === "") return [];
		const { tree, mistake } = readJsonTree(text);
		if (mistake !== undefined) return [findings.settingsNotJson(path, mistake)];
		return tree?.type === "object" ? [] : [findings.settingsNoObject(path)];
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
		if (code === "ENOENT" || code === "ENOTDIR") return [];
		return [findings.settingsUnreadable(path, code ?? "its lists and objects lie too deep in one another")];
	}
}
