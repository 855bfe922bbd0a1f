// `claude-otel install-hooks` → our hooks in a settings file, once, for sessions that are started without claude-otel.
import { addHooks, checkSettings, countHooks, hasHooks, removeHooks } from "../edit-settings.ts";
import { INSTALLED_EVENTS, installedHandler, serviceSocket } from "../installed-hooks.ts";
import type { OwnContext } from "../program.ts";
import { openSettingsFile } from "../settings-file.ts";
import { type Scope, settingsPathOf } from "../settings-scope.ts";

const EMPTY_SETTINGS = "{}\n";

export async function installHooks(scope: Scope, { process, cwd, packageRoot, loaded }: OwnContext): Promise<number> {
	const { config } = loaded;
	const place = { runDir: config.runDir, packageRoot, node: process.execPath, platform: process.platform };
	const file = openSettingsFile(settingsPathOf(scope, config.claudeConfigDir, cwd));
	const before = file.text ?? EMPTY_SETTINGS;
	checkSettings(before, file.path);

	const found = countHooks(before);
	const handler = installedHandler(place);
	const say = (line: string) => process.stdout.write(`${line}\n`);
	if (hasHooks(before, INSTALLED_EVENTS, handler)) {
		say(`The hooks are installed already in ${file.path}.`);
		return 0;
	}
	// What was there before us is kept once; what an older version of ours left is not worth keeping.
	const fresh = file.text !== undefined && found.ours === 0;
	if (fresh) file.backUp();
	file.write(addHooks(removeHooks(before, true).text, INSTALLED_EVENTS, handler));
	say(`${found.ours === 0 ? "Installed" : "Renewed"} hooks for ${INSTALLED_EVENTS.length} events in ${file.path}.`);
	if (fresh) say(`The file as it was: ${file.backupPath}`);
	if (found.predecessors > 0)
		say(`Replaced ${found.predecessors} hook${found.predecessors === 1 ? "" : "s"} of the Python claude-otel.`);
	say(
		`They stay silent until a claude-otel service listens at ${serviceSocket(place)}; take them out with \`claude-otel uninstall-hooks\`.`,
	);
	return 0;
}
