// Commands under the names that users type, in a folder in front of PATH. In: a home, and for each name what it starts. Out:
// the PATH.
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ClaudeHome } from "./claude-home.ts";

export function putOnPath(home: ClaudeHome, commands: Readonly<Record<string, readonly string[]>>): string {
	const folder = join(home.home, "bin");
	mkdirSync(folder, { recursive: true });
	for (const [name, words] of Object.entries(commands)) {
		const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
		writeFileSync(join(folder, name), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
	}
	return [folder, home.env.PATH].join(delimiter);
}
