// The process → the folder that it works in, or, where that was removed, the name that it had: claude has words of its own
// for that, and most of ours need no folder.
import { isAbsolute, parse } from "node:path";

export interface WorkingDirectory {
	path: string;
	removed: boolean;
}

/** @param pwd what the shell calls it */
export function workingDirectoryOf(process: NodeJS.Process, pwd: string | undefined): WorkingDirectory {
	try {
		return { path: process.cwd(), removed: false };
	} catch {
		const path = pwd !== undefined && isAbsolute(pwd) ? pwd : parse(process.execPath).root;
		return { path, removed: true };
	}
}

/** What is started from here starts in a folder that is there. */
export function leaveRemoved(process: NodeJS.Process, { removed }: WorkingDirectory): void {
	if (removed) process.chdir(parse(process.execPath).root);
}
