// Milliseconds → as a person says them: tenths of a second, and from a minute on hours, minutes and seconds.

export function showDuration(milliseconds: number): string {
	const seconds = Math.round(milliseconds / 1000);
	if (seconds < 60) return `${(milliseconds / 1000).toFixed(1)} s`;
	const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return ["h", "min", "s"].flatMap((unit, at) => (parts[at] === 0 ? [] : [`${parts[at]} ${unit}`])).join(" ");
}
