// All files of ours below a home, as one text: the store, the spool, what was noted of a run.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function keptBytes({ home }: { home: string }): string {
	const folder = join(home, ".local", "share", "claude-otel");
	if (!existsSync(folder)) return "";
	const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true });
	return files
		.filter((file) => file.isFile() && !file.parentPath.includes("compile-cache"))
		.map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))
		.join("\n");
}
