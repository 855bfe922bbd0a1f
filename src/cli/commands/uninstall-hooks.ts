// `claude-otel uninstall-hooks` → the settings file without what install-hooks put there. Where nobody changed the file
// since, it is byte for byte what it was; a file that install-hooks made, and that holds nothing else, goes.
import { addHooks, checkSettings, countHooks, removeHooks } from "../edit-settings.ts";
import { INSTALLED_EVENTS, installedHandler } from "../installed-hooks.ts";
import type { OwnContext } from "../program.ts";
import { openSettingsFile, type SettingsFile } from "../settings-file.ts";
import { type Scope, settingsPathOf } from "../settings-scope.ts";

export async function uninstallHooks(scope: Scope, { process, cwd, packageRoot, loaded }: OwnContext): Promise<number> {
	const { config } = loaded;
	const file = openSettingsFile(settingsPathOf(scope, config.claudeConfigDir, cwd));
	const say = (line: string) => process.stdout.write(`${line}\n`);
	if (file.text === undefined) {
		say(`There are no hooks of claude-otel in ${file.path}: it does not exist.`);
		return 0;
	}
	checkSettings(file.text, file.path);
	const removed = removeHooks(file.text, false);
	if (removed.ours === 0) {
		say(`There are no hooks of claude-otel in ${file.path}.`);
		return 0;
	}
	const handler = installedHandler({
		runDir: config.runDir,
		packageRoot,
		node: process.execPath,
		platform: process.platform,
	});
	const original = untouchedOriginal(file, removed.text, (text) => addHooks(text, INSTALLED_EVENTS, handler));
	if (original !== undefined) {
		file.write(original);
		file.removeBackup();
	} else if (file.backup() === undefined && Object.keys(JSON.parse(removed.text)).length === 0) file.remove();
	else file.write(removed.text);
	say(`Took ${removed.ours} hooks of claude-otel out of ${file.path}.`);
	return 0;
}

/** The backup, if the file is still what installing made of it. */
function untouchedOriginal(
	file: SettingsFile,
	withoutOurs: string,
	install: (text: string) => string,
): string | undefined {
	const backup = file.backup();
	if (backup === undefined || !isSettings(backup, file.backupPath) || countHooks(backup).predecessors > 0)
		return undefined;
	return removeHooks(install(backup), false).text === withoutOurs ? backup : undefined;
}

function isSettings(text: string, path: string): boolean {
	try {
		checkSettings(text, path);
		return true;
	} catch {
		return false;
	}
}
