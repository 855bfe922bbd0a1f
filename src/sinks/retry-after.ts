// The header Retry-After, seconds or a date → milliseconds from now.

export function readRetryAfter(header: string | undefined): number | undefined {
	if (header === undefined) return undefined;
	const millis = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
	return Number.isFinite(millis) ? Math.max(0, millis) : undefined;
}
