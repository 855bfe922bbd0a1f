// Comes in: the certificate files of a target. Goes out: their contents.
import type { OtlpTarget } from "../config.ts";
import { readNamedFile } from "../read-plain-file.ts";

export interface Identity {
	authority?: Buffer;
	key?: Buffer;
	certificate?: Buffer;
}

/** Throws with the variable's kind of file in the message; the reason of a failed export tells it. */
export function readIdentity(target: OtlpTarget): Identity {
	return {
		authority: read(target.certificate),
		key: read(target.clientKey),
		certificate: read(target.clientCertificate),
	};
}

function read(path: string | undefined): Buffer | undefined {
	if (path === undefined) return undefined;
	try {
		return readNamedFile(path);
	} catch (error) {
		throw new Error("cannot read a certificate file", { cause: error });
	}
}
