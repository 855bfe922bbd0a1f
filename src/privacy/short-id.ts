// An id comes in; out goes the same id, or where it is too long or holds a secret a short stand-in: equal ids have equal
// stand-ins, so what belongs together stays together.

/** Claude Code's own ids have less than 50 characters. */
const ID_LENGTH_MAX = 200;

export function shortenId(id: string, holdsSecret: (text: string) => boolean): string {
	const wellFormed = id.toWellFormed();
	if (wellFormed.length > ID_LENGTH_MAX) return `long-${hash(wellFormed)}`;
	return holdsSecret(wellFormed) ? `redacted-${hash(wellFormed)}` : wellFormed;
}

const FNV_PRIME = 0x100000001b3n;
const FNV_OFFSET = 0xcbf29ce484222325n;

/** FNV-1a over UTF-16 units, 64 bits: it only has to be stable and to keep different ids apart. */
function hash(text: string): string {
	let value = FNV_OFFSET;
	for (let at = 0; at < text.length; at++) {
		value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(at))) * FNV_PRIME);
	}
	return value.toString(16).padStart(16, "0");
}
