// The body of a collector's answer → whether it is a web page: then whoever answered was no collector, though the status
// is 200 (a network that wants a login first, another server). Everything else counts as taken: collectors answer with
// nothing, with `{}` to protobuf, with a word, under any content type or none. No OTLP message begins like this.

const FIRST_BYTES = 512;

export function isWebPage(body: Uint8Array): boolean {
	const beginning = Buffer.from(body.subarray(0, FIRST_BYTES))
		.toString()
		.replace(/^\uFEFF/, "");
	return /^\s*<(?:!|\?|[a-z])/i.test(beginning);
}

/** The batch was not taken, and may be another time. */
export class WebPageAnswer extends Error {
	constructor() {
		super("answered with a web page");
	}
}
