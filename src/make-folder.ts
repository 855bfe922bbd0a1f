// A folder and those above it. Node's own recursive mkdir runs for ever where the system says "no such folder" of a
// folder that is there, as it does below /proc (seen on Node 24), and the compile cache makes its folder the same way.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Throws what mkdir throws. A folder that is there already is fine. */
export function makeFolder(path: string, mode = 0o777): void {
	try {
		mkdirSync(path, { mode });
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "EEXIST") return;
		const above = dirname(path);
		if (code !== "ENOENT" || above === path) throw error;
		makeFolder(above, mode);
		// Once more and no further: whoever refuses now will refuse again.
		mkdirSync(path, { mode });
	}
}
