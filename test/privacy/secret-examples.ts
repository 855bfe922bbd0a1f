// Made-up secrets of every kind that the rules know, one at least for each rule: the name of the rule, a text that has
// the secret in it, and the part that must not be seen. They are put together here, so that no scanner finds them in
// the repository.

export interface SecretExample {
	rule: string;
	text: string;
	secret: string;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const ALNUM = `${UPPER}${UPPER.toLowerCase()}0123456789`;
const HEX = "0123456789abcdef";
const BASE64 = `${ALNUM}+/`;

/** Looks random and is always the same. */
export function filler(chars: string, length: number, seed = 7): string {
	let state = seed;
	return Array.from({ length }, () => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return chars[Math.floor((state / 2_147_483_648) * chars.length)];
	}).join("");
}

/** The bar stands where the prefix is taken apart. */
function token(rule: string, prefix: string, chars: string, length: number): SecretExample {
	const secret = filler(chars, length);
	return { rule, text: apart(prefix) + secret, secret };
}

function inside(rule: string, before: string, secret: string, after = ""): SecretExample {
	return { rule, text: before + secret + after, secret };
}

function apart(prefix: string): string {
	return prefix.replace("|", "");
}

const PRIVATE_KEY_WORDS = "PRIVATE KEY";
const JSON_BASE64 = apart("ey|J");

export const TOKENS: readonly SecretExample[] = [
	token("claude-otel", "co|tel_", ALNUM, 32),
	token("anthropic", "sk-|ant-api03-", ALNUM, 93),
	token("anthropic", "sk-|ant-oat01-", ALNUM, 80),
	token("openai", "sk-|proj-", ALNUM, 80),
	token("sk", "sk|-", ALNUM, 48),
	token("openrouter", "sk-|or-v1-", HEX, 64),
	token("langfuse", "sk-|lf-", HEX, 32),
	token("langsmith", "lsv2_|pt_", HEX, 32),
	token("groq", "gsk|_", ALNUM, 52),
	token("xai", "xa|i-", ALNUM, 80),
	token("perplexity", "ppl|x-", ALNUM, 48),
	token("replicate", "r8|_", ALNUM, 37),
	token("nvidia", "nva|pi-", ALNUM, 64),
	token("cerebras", "cs|k-", ALNUM, 48),
	token("huggingface", "h|f_", ALNUM, 34),
	token("github", "gh|p_", ALNUM, 36),
	token("github", "gh|s_", ALNUM, 36),
	token("github-fine-grained", "github|_pat_", ALNUM, 82),
	token("gitlab", "gl|pat-", ALNUM, 20),
	token("bitbucket", "AT|BB", ALNUM, 32),
	token("atlassian", "ATA|TT3", ALNUM, 180),
	token("aws-key-id", "AK|IA", UPPER, 16),
	inside("aws-key-pair", `AK${"IA"}${filler(UPPER, 16)},`, filler(BASE64, 40)),
	token("aws-session", "IQoJ|b3JpZ2lu", ALNUM, 200),
	token("aws-bedrock", "AB|SK", ALNUM, 100),
	token("google-api-key", "AI|za", ALNUM, 35),
	token("google-oauth", "ya|29.", ALNUM, 60),
	token("google-oauth", "GOC|SPX-", ALNUM, 28),
	token("slack", "xo|xb-", `${HEX}`, 50),
	token("stripe", "sk_|live_", ALNUM, 24),
	token("stripe", "wh|sec_", ALNUM, 32),
	token("npm", "np|m_", ALNUM, 36),
	token("pypi", "py|pi-AgEIcHlwaS5vcmc", ALNUM, 100),
	token("rubygems", "ruby|gems_", HEX, 48),
	token("clojars", "CLO|JARS_", HEX, 60),
	token("docker", "dckr|_pat_", ALNUM, 27),
	inside("sendgrid", apart("S|G."), `${filler(ALNUM, 22)}.${filler(ALNUM, 43, 9)}`),
	token("mailgun", "ke|y-", HEX, 32),
	inside("mailchimp", "", filler(HEX, 32), "-us12"),
	token("brevo", "xkey|sib-", HEX, 64),
	token("twilio", "S|K", HEX, 32),
	inside("azure-entra", "abc8", `Q~${filler(ALNUM, 34)}`),
	token("databricks", "da|pi", HEX, 32),
	inside("telegram", "123456789:", `AA${filler(ALNUM, 33)}`),
	inside("firebase", "AAAA1234567:", `APA91b${filler(ALNUM, 134)}`),
	inside("discord", "", `M${filler(ALNUM, 23)}.Gh1jK2.${filler(ALNUM, 38)}`),
	token("heroku", "HR|KU-", ALNUM, 60),
	token("digitalocean", "dop|_v1_", HEX, 64),
	token("shopify", "shp|at_", HEX, 32),
	token("linear", "lin|_api_", ALNUM, 40),
	token("notion", "nt|n_", ALNUM, 46),
	token("figma", "fig|d_", ALNUM, 40),
	token("logfire", "pylf|_v1_us_", ALNUM, 43),
	token("sentry", "sntr|ys_", ALNUM, 100),
	token("grafana", "gls|a_", ALNUM, 41),
	token("new-relic", "NR|AK-", UPPER, 27),
	token("dynatrace", "dt0|c01.", UPPER, 88),
	token("datadog", "dd|pat_", ALNUM, 40),
	token("honeycomb", "hca|ik_", ALNUM, 58),
	token("posthog", "ph|x_", ALNUM, 43),
	token("vault", "hv|s.", ALNUM, 90),
	token("doppler", "dp.|pt.", ALNUM, 43),
	inside("terraform", "", `${filler(ALNUM, 14)}.atlasv1.${filler(ALNUM, 67)}`),
	token("pulumi", "pu|l-", HEX, 40),
	token("planetscale", "pscale|_tkn_", ALNUM, 43),
	token("supabase", "sb|p_", HEX, 40),
	token("vercel", "vc|p_", ALNUM, 56),
	token("netlify", "nf|p_", ALNUM, 36),
	token("fly", "fm|2_", ALNUM, 100),
	token("tailscale", "tskey|-auth-", ALNUM, 40),
	token("openshift", "sha|256~", ALNUM, 43),
	token("onepassword", "ops_|eyJ", ALNUM, 250),
	token("age", "AGE-SECRET|-KEY-1", UPPER, 58),
	token("square", "sq0|atp-", ALNUM, 22),
	token("paypal", "access_token|$production$", HEX, 48),
	token("plaid", "access|-production-", HEX, 36),
	token("shippo", "shippo|_live_", HEX, 40),
	token("postman", "PM|AK-", HEX, 59),
	token("contentful", "CF|PAT-", ALNUM, 43),
	inside("airtable", `pat${filler(ALNUM, 14)}.`, filler(HEX, 64)),
	token("artifactory", "AK|Cp", ALNUM, 69),
	token("alibaba", "LT|AI", ALNUM, 20),
	token("circleci", "CCI|PAT_", ALNUM, 62),
	token("buildkite", "bk|ua_", ALNUM, 40),
	token("sourcegraph", "sg|p_", HEX, 40),
	inside("resend", apart("r|e_"), `${filler(ALNUM, 8)}_${filler(ALNUM, 24)}`),
	token("cloudflare", "cf|ut_", ALNUM, 48),
	token("adafruit", "ai|o_", ALNUM, 28),
	token("readme", "rd|me_", ALNUM, 70),
	token("prefect", "pn|u_", ALNUM, 36),
	inside("jwt", "", `${JSON_BASE64}${filler(ALNUM, 20)}.${JSON_BASE64}${filler(ALNUM, 60)}.${filler(ALNUM, 43)}`),
	inside(
		"jwe",
		"",
		`${JSON_BASE64}${filler(ALNUM, 30)}.${filler(ALNUM, 40)}.${filler(ALNUM, 16)}.${filler(ALNUM, 43)}.x`,
	),
];

const WORD = filler(ALNUM, 18, 3);
const LINES = [filler(BASE64, 64, 1), filler(BASE64, 64, 2), filler(BASE64, 20, 4)].join("\n");

export const PHRASES: readonly SecretExample[] = [
	inside(
		"private-key",
		`-----BEGIN RSA ${PRIVATE_KEY_WORDS}-----\n`,
		LINES,
		`\n-----END RSA ${PRIVATE_KEY_WORDS}-----`,
	),
	inside("private-key", `-----BEGIN OPENSSH ${PRIVATE_KEY_WORDS}-----\n`, LINES),
	inside("private-key", `-----BEGIN PGP ${PRIVATE_KEY_WORDS} BLOCK-----\n\n`, LINES),
	inside("private-key-end", "", LINES, `\n-----END EC ${PRIVATE_KEY_WORDS}-----`),
	inside("putty-key", "Private-Lines: 3\n", LINES),
	inside("authorization", "Authorization: Basic ", filler(ALNUM, 20), "=="),
	inside("authorization", "curl -H 'authorization: token ", WORD, "' https://example.com"),
	inside("bearer", "Bearer ", WORD),
	inside("basic", "Basic ", filler(ALNUM, 24)),
	inside("cookie", "Set-Cookie: ", `session=${WORD}; Path=/`),
	inside("cookie-flag", "curl --cookie '", `sid=${WORD}`, "'"),
	inside("url-password", "postgres://app:", WORD, "@db.example.com:5432/app"),
	inside("url-password", "mongodb+srv://app:", WORD, "@cluster0.example.net/test"),
	inside("url-password-with-slash", "mysql://app:", `${WORD}/x`, "@db.example.com/app"),
	inside("url-password-one-slash", "cd /tmp/https:/bob:", WORD, "@git.example.com/x"),
	inside("url-token", "https://", filler(HEX, 32), "@o1.ingest.example.com/2"),
	inside("slack-webhook", "https://hooks.slack.com/", `services/T0AB/B0CD/${WORD}`),
	inside("discord-webhook", "https://discord.com/api/webhooks/", `123/${WORD}`),
	inside("teams-webhook", "https://acme.webhook.office.com/", `webhookb2/${WORD}`),
	inside("telegram-url", "https://api.telegram.org/bot", `12345:${WORD}`, ""),
	inside("curl-user", "curl -s -u ", `admin:${WORD}`, " https://example.com"),
	inside("mysql-password", "mysql -u root -p", WORD, " app"),
	inside("command-password", "sshpass -p '", WORD, "' ssh host"),
	inside("command-password", "docker login -u me -p ", WORD),
	inside("openssl-key", "openssl enc -aes-256-cbc -k ", WORD, " -in a -out b"),
	inside("htpasswd", "htpasswd -cb .htpasswd admin ", WORD, " && ls"),
	inside("htpasswd", "htpasswd -nbB admin '", WORD, "' > users"),
	inside("pass-argument", "openssl rsa -passin pass:", WORD, " -in key.pem"),
	inside("netrc", "machine example.com login me password ", WORD),
	inside("signature", "https://example.com/x?sv=1&sig=", filler(ALNUM, 43), "%3D"),
	inside("xml-element", "<password>", WORD, "</password>"),
	inside("assignment", "DB_PASSWORD=", WORD, " npm start"),
	inside("assignment", "export AWS_SECRET_ACCESS_KEY='", filler(BASE64, 40), "'"),
	inside("assignment", '{"apiKey": "', WORD, '"}'),
	inside("assignment", "api_key: ", WORD, "\nother: 1"),
	inside("assignment", "//registry.npmjs.org/:_authToken=", WORD),
	inside("assignment", "tool --password ", WORD, " --verbose"),
	inside("assignment", 'args: ["--token", "', WORD, '"]'),
	inside("assignment", "- name: DB_PASSWORD\n  value: ", WORD, "\n"),
	inside("assignment", '<add key="ApiKey" value="', WORD, '"/>'),
	inside("assignment", "DefaultEndpointsProtocol=https;AccountKey=", filler(BASE64, 86), "==;"),
	inside("assignment", "Server=db;User Id=sa;Password=", WORD, ";Encrypt=true"),
	inside("assignment", "the password is ", `${WORD}1`, ", please"),
	inside("assignment", "client_secret=", WORD, "&grant_type=x"),
	inside("assignment", "X-Api-Key: ", WORD),
	inside("assignment", "password: |\n  ", WORD, "\nuser: x"),
	inside("assignment", "os.environ['API_TOKEN'] = '", WORD, "'"),
	inside("assignment", "PGPASSWORD=", "1234", " psql"),
];

export const EXAMPLES: readonly SecretExample[] = [...TOKENS, ...PHRASES];
