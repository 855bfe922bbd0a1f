// Nothing comes in; out goes the list of places in a text whose shape says that a secret stands there, whatever the
// secret itself looks like: headers, URLs with a password, key files, command lines, signed tokens.

import { CUT_END, endOf, type Pattern, patternRule, type SecretRule } from "./secret-rule.ts";

/** A value that only names where the secret is: `$TOKEN`, `${TOKEN}`. */
const REFERENCE = "\\$\\{?[A-Z_][A-Z0-9_]{0,63}\\}?(?=[\\s\"'`;,)]|$)";

const PATTERNS: readonly Pattern[] = [
	{
		// The tail of a key whose BEGIN line was cut away.
		name: "private-key-end",
		anchors: ["-----END "],
		pattern: /-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/y,
		before: { chars: /[A-Za-z0-9+/=\s]/, min: 0 },
	},
	{ name: "putty-key", anchors: ["Private-Lines:"], pattern: /(Private-Lines: )\d+[\sA-Za-z0-9+/=]*/y },
	{
		// Every JSON object begins with `{"` or `{\n`, in base64 `eyJ` or `ewo`: the payload of a signed token.
		name: "jwt",
		anchors: [".eyJ", ".ewo", ".eyA"],
		pattern: /\.(?:eyJ|ewo|eyA)[\w-]*(?:\.[\w-]*){0,3}/y,
		before: { chars: /[\w-]/, min: 4 },
	},
	{
		// Five parts, the payload is encrypted; the key in the second part is what must not leave.
		name: "jwe",
		anchors: ["eyJ"],
		pattern: /(?<![\w-])eyJ[\w-]{10,}\.[\w-]*\.[\w-]+(?:\.[\w-]*){0,2}/y,
	},
	{
		name: "authorization",
		anchors: ["authorization"],
		pattern: new RegExp(
			`(authorization(?:["'\`]?\\]?[ \\t]{0,8}[:=]|["'\`],(?=[ \\t]{0,8}["'\`]))[ \\t]{0,8}["'\`]?(?:(?:Bearer|Basic|Token|Digest|Bot|ApiKey|Negotiate|SSWS|GenieKey|Key)[ \\t+])?)(?!(?:(?:Bearer|Basic|Token|Bot|ApiKey|Key)[ \\t+])?(?:\\[REDACTED|${REFERENCE}|[{[(]|undefined|null|string))(?=[^\\s"'\`])[^"'\`\\r\\n]+`,
			"iy",
		),
	},
	{
		// Out of a header the scheme is also an English word: the value then has to look like a token.
		name: "bearer",
		anchors: ["bearer"],
		pattern: /(bearer(?:[ \t]|%20|\+){1,4})(?=[\w.~+/=-]{0,40}\d|[\w.~+/=-]{24})[\w.~+/=-]{8,}/iy,
		open: new RegExp(`(bearer[ \\t]{1,4})[\\w.~+/=-]{6,}${CUT_END}`, "iy"),
	},
	{
		name: "basic",
		anchors: ["Basic ", "basic ", "BASIC "],
		pattern: /((?:[Bb]asic|BASIC) {1,4})(?=[A-Za-z0-9+/]{0,40}(?:\d|[a-z][A-Z]))[A-Za-z0-9+/]{8,}={0,2}/y,
	},
	{
		name: "cookie",
		anchors: ["cookie"],
		pattern: /(cookie2?["'`]?[ \t]{0,8}[:=,][ \t]{0,8}["'`]?)(?!\[REDACTED)(?=[\w.-]{1,100}=)[^"'`\r\n]+/iy,
	},
	{ name: "cookie-flag", anchors: ["--cookie"], pattern: /(--cookie[= ]["']?)(?!\[REDACTED)[^"'\r\n]+/y },
	{
		// user:password@host. A port and a path with an @ in it (http://localhost:3000/@id) is no user.
		name: "url-password",
		anchors: ["://"],
		pattern: /(:\/\/)(?!\[REDACTED\]@)[^\s/?#@"'`<>]*:[^\s/?#@"'`<>]*(?:@[^\s/?#@"'`<>:]+(?=@))*(?=@)/y,
		open: new RegExp(`(:\\/\\/)[^\\s/?#@"'\`<>:]*:(?!\\d{1,5}${CUT_END})[^\\s/?#@"'\`<>]+${CUT_END}`, "y"),
	},
	{
		// A password with a slash in it is not legal in a URL, and common.
		name: "url-password-with-slash",
		anchors: ["://"],
		pattern: /(:\/\/)[^\s:/?#@"'`<>[]{1,64}:(?!\d{1,5}(?:[/?#]|$))[^\s@"'`<>]{1,256}(?=@[\w.[-])/y,
	},
	{
		// A path that was put in order has lost one of the slashes: /tmp/https:/user:password@host.
		name: "url-password-one-slash",
		anchors: [":/"],
		pattern: /(:\/)(?!\/|\[REDACTED\]@)[^\s:/?#@"'`<>[]{0,64}:(?!\d{1,5}(?:[/?#]|$))[^\s/@"'`<>]{1,256}(?=@[\w.[-])/iy,
	},
	{
		// A token alone in front of the host: https://TOKEN@host, and the key of a Sentry DSN.
		name: "url-token",
		anchors: ["://"],
		pattern: /(:\/\/)[^\s/?#@"'`<>:]{16,}(?=@)/y,
	},
	{
		name: "slack-webhook",
		anchors: ["hooks.slack.com/", "hooks.slack-gov.com/"],
		pattern: /(hooks\.slack(?:-gov)?\.com\/)(?!\[REDACTED)[A-Za-z0-9/_-]+/iy,
	},
	{
		name: "discord-webhook",
		anchors: ["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
		pattern: /(discord(?:app)?\.com\/api\/webhooks\/)(?!\[REDACTED)[\w/-]+/iy,
	},
	{
		name: "teams-webhook",
		anchors: [".webhook.office.com/"],
		pattern: /(\.webhook\.office\.com\/)(?!\[REDACTED)[\w/@-]+/iy,
	},
	{
		name: "telegram-url",
		anchors: ["api.telegram.org/bot"],
		pattern: /(api\.telegram\.org\/bot)(?!\[REDACTED)[\w:-]+/iy,
	},
	{
		name: "curl-user",
		anchors: ["curl "],
		pattern:
			/(curl(?= )[^\n;|]{0,400}?(?:\s-[a-zA-Z]{0,6}u|--user|--proxy-user)[ =]?["']?)(?!\[REDACTED)[^\s"':$]{0,100}:(?![/\\$])[^\s"']+/y,
	},
	{
		name: "mysql-password",
		anchors: ["mysql", "mariadb"],
		pattern: /((?:mysql|mariadb)[^\n;|]{0,400}?\s-p)(?!\[REDACTED|\$)[^\s"';|&-][^\s;|&]*/y,
	},
	{
		name: "command-password",
		anchors: ["sshpass ", "docker login ", "podman login ", "redis-cli ", "ldapsearch ", "az login ", "sqlcmd "],
		pattern:
			/((?:sshpass|docker login|podman login|redis-cli|ldapsearch|az login|sqlcmd)(?= )[^\n;|]{0,300}?(?<=\s)-[pPaw][ =]?["']?)(?!\[REDACTED|\$|-)[^\s"']+/y,
	},
	{
		name: "openssl-key",
		anchors: ["openssl "],
		pattern: /(openssl(?= )[^\n;|]{0,300}?(?<=\s)-[kK] ["']?)(?!\[REDACTED|\$|-)[^\s"']+/y,
	},
	{
		// With -b the password is the command's last word; options with values may stand between.
		name: "htpasswd",
		anchors: ["htpasswd "],
		pattern:
			/(htpasswd(?= )[^\n;|&<>]{0,300}?(?<=\s)-[a-zA-Z]{0,8}b[a-zA-Z]{0,8}(?:[ \t]{1,8}[^\s;|&<>]+){1,4}[ \t]{1,8}["']?)(?!\[REDACTED|\$)[^\s"';|&<>]+(?=["']?[ \t]{0,8}(?:$|[;|&<>\r\n]))/y,
	},
	{
		name: "pass-argument",
		anchors: ["pass:", "storepass ", "keypass "],
		pattern:
			/((?:-pass(?:in|out)?[ =]["']?pass:|-(?<=-)(?:storepass|keypass) ["']?|pass:))(?!\[REDACTED|\$|[ \t])[^\s"']+/y,
	},
	{
		name: "netrc",
		anchors: ["password "],
		pattern: /(?<=login\s{1,8}\S{1,128}\s{1,8})(password\s{1,8})(?!\[REDACTED)\S+/y,
	},
	{
		name: "signature",
		anchors: ["sig=", "signature=", "X-Amz-Credential="],
		pattern: /((?:sig|signature|X-Amz-Credential)=)(?!\[REDACTED)[\w%+/=.~-]{16,}/iy,
		open: new RegExp(`((?:sig|signature)=)[\\w%+/=.~-]{6,}${CUT_END}`, "iy"),
	},
	{
		name: "xml-element",
		anchors: ["password>", "passwd>", "secret>", "token>", "apikey>", "api_key>"],
		pattern: /(?<=<[\w:.-]{0,40})((?:password|passwd|secret|token|api_?key)>\s{0,20})(?!\[REDACTED|\$\{)[^<\s][^<]*/iy,
	},
];

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/y;
const KEY_END = /-----END [A-Z0-9 ]{0,60}(?:-----)?/y;
/** What a key is made of, with its headers, and with the marks that diffs, greps and line numbers put before its lines. */
const KEY_BODY = /[A-Za-z0-9+/=\s:,.\\"'`→|>*#-]*/y;
/** The longest keys in use have 13 KB. */
const KEY_MAX = 16_384;

/** The END line may be missing, because the text was cut, or stand in another line of the same list. */
const PRIVATE_KEY: SecretRule = {
	name: "private-key",
	anchors: ["-----BEGIN "],
	exactCase: true,
	find: (text, anchor) => {
		const body = endOf(KEY_BEGIN, text, anchor);
		if (body === undefined) return undefined;
		const end = text.slice(body, body + KEY_MAX).indexOf("-----END ");
		return [
			anchor,
			end === -1 ? (endOf(KEY_BODY, text, body) ?? body) : (endOf(KEY_END, text, body + end) ?? body + end),
		];
	},
};

export const PHRASE_RULES: readonly SecretRule[] = [PRIVATE_KEY, ...PATTERNS.map(patternRule)];
