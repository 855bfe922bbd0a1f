// A stream → how many colours may be written to it: 0 none, 1 the usual 16, 2 and 3 more.

/** Node knows of NO_COLOR, FORCE_COLOR and what the terminal can. */
export function colorLevelOf(stream: NodeJS.WriteStream): 0 | 1 | 2 | 3 {
	if (!stream.isTTY) return 0;
	const depth = stream.getColorDepth();
	return depth === 24 ? 3 : depth === 8 ? 2 : depth === 4 ? 1 : 0;
}
