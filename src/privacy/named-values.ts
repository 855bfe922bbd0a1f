// The name of a setting, or a text with `name = value` in it, comes in; out goes whether the value is a secret by its
// name. The same list of names serves texts (rules) and structures (keys).

import { CUT_END, type SecretRule } from "./secret-rule.ts";

/** Names whose value is a password in whatever form, be it `1234`. */
const PASSWORD_NAMES = ["password", "passwd", "passphrase", "passcode", "pwd", "pass", "passwort"];
/** Names whose value is a key, unless the name goes on to say that it is a number, a file or a type. */
const SECRET_NAMES = [
	"secret",
	"token",
	"apikey",
	"credential",
	"auth",
	"connectionstring",
	"connection_string",
	"bearer",
	"cookie",
	"session_id",
	"sessionid",
];
/** A "key" is a secret by the word in front of it; there are primary and foreign keys too. */
const KEY_KINDS =
	"api|access|secret|private|encryption|encrypt|signing|sign|master|account|shared|license|service|deploy|ssh|session|app|application|auth|client|storage|consumer|webhook|jwt|hmac|aes|crypt|cipher|admin|root|subscription|write|ingest|integration|project|bot|openai|anthropic|claude|groq|gemini|mistral|stripe|sendgrid|mailgun|twilio|datadog|dd|algolia|heroku|cloudflare|azure|aws|google|maps|host|server|x";

const PASSWORD = `(?:${PASSWORD_NAMES.join("|")})`;
/** `author`, `tokens` and `tokenizer` are other words. */
const SECRET =
	"(?:secret(?!ar)|token(?!s(?![a-z])|i[zs])|api[_-]?key|credentials?|auth(?!or(?!i[sz])|en)|connection_?string|bearer|cookie|session_?id)";
const KEY = `(?<=(?:${KEY_KINDS})[_.-]?)key`;
/** A generic environment variable, `ACME_KEY=`; names of public keys are left alone. */
const ENVIRONMENT_KEY = "(?<=[A-Z0-9]_)(?<!PUBLIC_|PRIMARY_|FOREIGN_|SORT_|CACHE_|PARTITION_)KEY";

/** What a name may end in that makes its value harmless. */
const HARMLESS =
	"(?:file|path|dir|type|count|limit|length|len|size|name|names|expiry|expires|expiration|expires?_?(?:in|at)|ttl|max|min|usage|budget|url_?name|key_?id|field|header|label|policy|strength|required|enabled|hint|index|manager|service|provider|mode|method|version|window|used|left|per_\\w{1,20})";
/** The rest of the name after the telling word, and whatever closes it. */
const NAME_REST = `(?![\\w.-]{0,40}?(?:[_.-]|(?<=[a-z])(?=[A-Z]))${HARMLESS}(?![a-z0-9]))(?!${HARMLESS}\\b)[\\w.-]{0,40}`;
const SEPARATOR =
	"[\"'`]?\\]?\\??(?:[ \\t]{0,8}(?:[:=]=?=?>?|!==?|\\?\\?=|\\|\\|=)[ \\t]{0,8}|[\"']?[,\\s]{1,20}[\"']?value[\"']?\\s{0,8}[:=]\\s{0,8})";
/** Values that are no secret: types, switches, references to where the secret is, placeholders, what is redacted already. */
const NO_VALUE =
	"(?![{[(](?:[\\s\"'{}\\[\\])]|$)|\\[REDACTED|(?:true|false|null|nil|none|undefined|string|number|boolean|bool|str|int|any|unknown|object|void|required|optional|yes|no|on|off)(?=[\\s,;)}\\]\"'|?&]|$)" +
	"|\\$(?:[A-Z_][A-Z0-9_]{0,63}|\\w{0,20}(?:pass|token|key|secret)\\w{0,20})(?=[\\s\"'`;,)&|]|$)|\\$\\{[A-Za-z_]\\w{0,63}\\}|\\$\\(|\\$\\{\\{|process\\.env\\b|import\\.meta\\b|os\\.(?:environ|getenv)\\b|\\{\\{|%[A-Za-z_]\\w{0,40}%|<[\\w -]{1,40}>|\\*{3,}|\\.{3}|…)";
const SPACED_CALL = "(?!(?<=\\s)(?:await |new )?[A-Za-z_][\\w.]{0,80}\\()";
const QUOTED = "\"(?:[^\"\\\\\\n]|\\\\[^\\n])+|'(?:[^'\\\\\\n]|\\\\[^\\n]|'\\\\'')+|`(?:[^`\\\\\\n]|\\\\[^\\n])+";
const BARE = "[^\\s\"'`;&|<>]*[^\\s\"'`;&|<>,)}\\]]";
const VALUE = `(?:(?=["'\`])(?:${QUOTED})|${BARE})`;

function assignment(
	name: string,
	anchors: readonly string[],
	word: string,
	noNumber: boolean,
	flags = "iy",
): SecretRule {
	// The opening quote is kept, so that what stays is still the same kind of text.
	const kept = `(${word}${NAME_REST}${SEPARATOR}(?:f|r|b|\\$)?["'\`]?)`;
	const number = noNumber ? "(?!-?\\d{1,9}(?:\\.\\d{1,9})?(?=[\\s,;)}\\]\"'&]|$))" : "";
	return { name, anchors, pattern: new RegExp(kept + NO_VALUE + number + SPACED_CALL + REST, flags) };
}

/** After the opening quote up to its fellow, or where there is none up to the next blank. */
const REST = `(?:(?<=")(?:[^"\\\\\\n]|\\\\[^\\n])+|(?<=')(?:[^'\\\\\\n]|\\\\[^\\n]|'\\\\'')+|(?<=\`)[^\`\\n]+|(?<!["'\`])${BARE})`;
