/** The user wrote a pattern, or a redaction file, that cannot be used. The message is one sentence for the user. */
export class PatternMistake extends Error {
	override readonly name = "PatternMistake";
}
