// The name of a setting, a field, a flag comes in; out goes whether its value is a secret. Serves texts
// (`DB_PASSWORD=…`) and structures (`{"dbPassword": …}`) alike.

/** `password`: whatever the value is, be it `1234`. `key`: unless the value is a number or a switch. */
export type SecretKind = "password" | "key";

/** Every name that counts has one of these in it. */
export const SECRET_WORDS = [
	"pass",
	"pwd",
	"secret",
	"token",
	"credential",
	"auth",
	"key",
	"connectionstring",
	"connection_string",
	"pincode",
];

/** A name that ends so tells something about the secret, not the secret. */
const HARMLESS_END = new Set(
	"file filename path dir type count limit length len size name names expiry expires expiration expired ttl max min usage budget field header label policy strength required enabled disabled hint index manager service provider mode method version window used left level kind status state format prefix endpoint input output source sources variable helper total cost price rate".split(
		" ",
	),
);
const FILE_NAME =
	/\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|swift|c|h|cc|cpp|cs|php|md|json|ya?ml|toml|txt|html?|css|vue|svelte|sh|sql|log|lock)$/;
/** A key is a secret by the word before it; there are sort keys and foreign keys too. */
const KEY_KIND =
	/^(?:.*(?:api|access|secret|private|encryption|encrypt|decryption|signing|master|account|license|service|deploy|ssh|auth|client|storage|consumer|webhook|jwt|hmac|aes|cipher|admin|root|subscription|write|ingest|ingestion|integration|app|application|session))$/;
const PUBLIC = new Set([
	"public",
	"publishable",
	"pub",
	"primary",
	"foreign",
	"sort",
	"partition",
	"cache",
	"object",
	"storage_object",
]);
const ENVIRONMENT_KEY = /^[A-Z][A-Z0-9_]*_KEY$/;
const GLUED_KEY =
	/(?:api|access|secret|private|encryption|signing|master|account|license|auth|client|consumer|shared)key$/;

export function secretKindOf(name: string): SecretKind | undefined {
	if (name.length > NAME_MAX || FILE_NAME.test(name)) return undefined;
	const words = splitWords(name);
	const last = words.at(-1);
	if (last === undefined) return undefined;
	if (words.length > 1 && (HARMLESS_END.has(last) || (last === "id" && words.at(-2) === "key"))) return undefined;
	if (words.some(isPasswordWord)) return "password";
	if (words.some((word) => isKeyWord(word)) || last === "auth") return "key";
	const key = words.lastIndexOf("key");
	if (key < 1 || words.some((word) => PUBLIC.has(word))) return undefined;
	return KEY_KIND.test(words[key - 1] as string) || ENVIRONMENT_KEY.test(name) ? "key" : undefined;
}

/** Longer ones are no names. */
export const NAME_MAX = 128;

function splitWords(name: string): string[] {
	const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
	return spaced
		.toLowerCase()
		.split(/[^a-z0-9]+/)
		.filter((word) => word !== "");
}

function isPasswordWord(word: string): boolean {
	return (
		word === "pass" || word === "pincode" || /pass(?:word|wd|phrase|code|wort)|pwd$|^(?:db|my|user|pg)pass$/.test(word)
	);
}

function isKeyWord(word: string): boolean {
	if (/token$|secrets?$|^credentials?$|connectionstring$|^authorization$/.test(word)) return true;
	return GLUED_KEY.test(word);
}
