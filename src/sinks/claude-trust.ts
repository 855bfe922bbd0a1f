// A destination of the user → the authorities that Claude Code trusts there: those that come with Node, those of the
// system, and a file of the user's. Our own Node knows the first alone, and the file only where it is in the environment.
import { getCACertificates } from "node:tls";
import type { NativeDestination } from "../config.ts";
import { readNamedFile } from "../read-plain-file.ts";

/** Each as PEM. */
export function claudeAuthorities({ tls, certificate }: NativeDestination): string[] {
	const files = [tls.authorities, certificate].filter((path) => path !== undefined);
	return [...new Set([...getCACertificates("default"), ...getCACertificates("system"), ...files.flatMap(read)])];
}

/** What cannot be read is passed over, as Claude Code does. */
function read(path: string): string[] {
	try {
		return [readNamedFile(path).toString()];
	} catch {
		return [];
	}
}
