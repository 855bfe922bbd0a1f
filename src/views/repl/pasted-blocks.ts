// Texts of several lines → a label for each, which stands for it in the line that is edited.

export interface PastedBlocks {
	/** What stands in the line: the text itself, where it has room there. */
	labelOf(text: string): string;
	/** The line as it is sent. */
	expand(line: string): string;
}

export function createPastedBlocks(): PastedBlocks {
	const texts = new Map<string, string>();
	const labels = new Map<string, string>();
	return {
		labelOf(pasted) {
			const text = pasted.replaceAll(/\r\n?/g, "\n");
			const line = text.replace(/\n+$/, "");
			// A code in it would be a key.
			if (!/[\u0000-\u001f\u007f]/.test(line)) return line;
			const known = labels.get(text);
			if (known !== undefined) return known;
			const lines = text.replace(/\n$/, "").split("\n").length;
			const label = `[text ${texts.size + 1}: ${lines} ${lines === 1 ? "line" : "lines"}]`;
			texts.set(label, text);
			labels.set(text, label);
			return label;
		},
		expand: (line) => line.replaceAll(/\[text \d+: \d+ lines?\]/g, (label) => texts.get(label) ?? label),
	};
}
