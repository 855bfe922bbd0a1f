// How numbers and texts stand in a column: short, and no wider than there is room.

export function fit(text: string, width: number): string {
	const characters = [...text.replace(/\s+/g, " ")];
	if (characters.length <= width) return characters.join("");
	return width < 1
		? ""
		: `${characters
				.slice(0, width - 1)
				.join("")
				.trimEnd()}…`;
}

export function showDuration(milliseconds: number): string {
	if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
	return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

export function showCount(count: number): string {
	return count < 10_000 ? String(count) : `${(count / 1000).toFixed(1)}k`;
}

export function showBytes(bytes: number): string {
	if (bytes < 10_000) return `${Math.round(bytes)} B`;
	return bytes < 10_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function showUsd(usd: number): string {
	return usd > 0 && usd < 0.0001 ? "<$0.0001" : `$${usd.toFixed(4)}`;
}

/** A long sentence over several lines, broken between words. */
export function fitLines(text: string, width: number): string[] {
	const lines = [""];
	for (const word of text.split(" ")) {
		const line = lines.at(-1) ?? "";
		if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
	}
	return lines;
}
