// Nothing comes in; out goes the list of tokens that vendors mark with a prefix of their own. Such a prefix is proof
// enough wherever it stands, so these rules want no word such as "password" near them.

import { CUT_END, patternRule, quote, type SecretRule, vendorToken } from "./secret-rule.ts";

const WORD = "A-Za-z0-9_-";
const ALNUM = "A-Za-z0-9";
const HEX = "0-9a-fA-F";
const BASE64 = "A-Za-z0-9+/=_-";

/** Three parts and no fixed word: the one anchor is the dot, so the second dot is asked for before all else. */
const DISCORD_PARTS = patternRule({
	name: "discord",
	anchors: ["."],
	pattern: /\.[\w-]{6}\.[\w-]{27,}/y,
	before: { chars: /[\w-]/, min: 23 },
});
const DISCORD: SecretRule = {
	...DISCORD_PARTS,
	find: (text, anchor, cut) => (text[anchor + 7] === "." ? DISCORD_PARTS.find(text, anchor, cut) : undefined),
};

export const TOKEN_RULES: readonly SecretRule[] = [
	vendorToken("claude-otel", "cotel_", WORD, 20),
	vendorToken("anthropic", "sk-ant-", WORD, 8),
	vendorToken("openai", ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"], WORD, 16),
	patternRule({
		// Also DeepSeek and others that copied the shape. "task-…" and "disk-…" are no keys.
		name: "sk",
		anchors: ["sk-"],
		pattern: /(?<![A-Za-z0-9])sk-(?:(?:or-v1|lf|live|test|svc)-)?[A-Za-z0-9]{20,}/y,
		open: new RegExp(`(?<![A-Za-z0-9])sk-[A-Za-z0-9-]*${CUT_END}`, "y"),
	}),
	vendorToken("openrouter", "sk-or-v1-", ALNUM, 16),
	vendorToken("langfuse", "sk-lf-", WORD, 16),
	vendorToken("langsmith", ["lsv2_pt_", "lsv2_sk_"], "A-Za-z0-9_", 16),
	vendorToken("groq", "gsk_", ALNUM, 20),
	vendorToken("xai", "xai-", ALNUM, 30),
	vendorToken("perplexity", "pplx-", ALNUM, 30),
	vendorToken("replicate", "r8_", ALNUM, 30),
	vendorToken("nvidia", "nvapi-", WORD, 30),
	vendorToken("cerebras", "csk-", ALNUM, 30),
	vendorToken("huggingface", ["hf_", "api_org_"], ALNUM, 20),
	vendorToken("github", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], ALNUM, 20),
	vendorToken("github-fine-grained", "github_pat_", "A-Za-z0-9_", 20),
	vendorToken(
		"gitlab",
		[
			"glpat-",
			"glptt-",
			"gldt-",
			"glrt-",
			"glrtr-",
			"glcbt-",
			"glsoat-",
			"glffct-",
			"glft-",
			"glimt-",
			"glagent-",
			"gloas-",
		],
		"A-Za-z0-9_.-",
		16,
	),
	vendorToken("bitbucket", "ATBB", ALNUM, 24),
	vendorToken("atlassian", ["ATATT3", "ATCTT3"], BASE64, 20),
	patternRule({
		// A downloaded key file has id and key side by side, with nothing but a comma between them.
		name: "aws-key-pair",
		anchors: ["AKIA", "ASIA"],
		pattern: /(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9+/]{1,20}[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])/y,
		open: new RegExp(`(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9+/]{1,20}[A-Za-z0-9+/]{0,40}${CUT_END}`, "y"),
	}),
	vendorToken("aws-key-id", ["AKIA", "ASIA", "ABIA", "ACCA"], "A-Z0-9", 16),
	vendorToken("aws-session", ["FwoGZXIvYXdz", "IQoJb3JpZ2lu", "FQoGZXIvYXdz"], BASE64, 30),
	vendorToken("aws-bedrock", ["ABSK", "bedrock-api-key-"], BASE64, 40),
	vendorToken("google-api-key", "AIza", WORD, 30),
	vendorToken("google-oauth", ["ya29.", "GOCSPX-", "1//0"], "A-Za-z0-9_.-", 20),
	vendorToken(
		"slack",
		["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xoxe-", "xoxe.", "xapp-"],
		"A-Za-z0-9.%/+=_-",
		10,
	),
	vendorToken("stripe", ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"], "A-Za-z0-9+/=", 10),
	vendorToken("npm", "npm_", ALNUM, 30),
	vendorToken("pypi", "pypi-AgE", WORD, 30),
	vendorToken("rubygems", "rubygems_", HEX, 30),
	vendorToken("clojars", "CLOJARS_", ALNUM, 40),
	vendorToken("docker", ["dckr_pat_", "dckr_oat_"], WORD, 20),
	parts("sendgrid", "SG.", `[${WORD}]{16,32}\\.[${WORD}]{16,}`, `[${WORD}]{16,32}\\.?[${WORD}]*`),
	vendorToken("mailgun", ["key-", "pubkey-"], "0-9a-f", 32),
	patternRule({
		name: "mailchimp",
		anchors: ["-us"],
		pattern: /-us\d{1,2}(?!\d)/y,
		before: { chars: /[0-9a-f]/, min: 32 },
	}),
	vendorToken("brevo", ["xkeysib-", "xsmtpsib-"], WORD, 20),
	vendorToken("twilio", ["SK", "AC"], "0-9a-f", 32),
	vendorToken("azure-entra", "Q~", "A-Za-z0-9_~.-", 31),
	vendorToken("databricks", "dapi", "0-9a-f", 32),
	patternRule({
		name: "telegram",
		anchors: [":AA"],
		pattern: /:AA[A-Za-z0-9_-]{32,}/y,
		before: { chars: /\d/, min: 6 },
	}),
	patternRule({
		name: "firebase",
		anchors: [":APA91b"],
		pattern: /:APA91b[A-Za-z0-9_-]{40,}/y,
		before: { chars: /[\w-]/, min: 11 },
	}),
	DISCORD,
	vendorToken("heroku", "HRKU-", WORD, 30),
	vendorToken("digitalocean", ["dop_v1_", "doo_v1_", "dor_v1_"], HEX, 30),
	vendorToken("shopify", ["shpat_", "shpca_", "shppa_", "shpss_"], HEX, 20),
	vendorToken("linear", ["lin_api_", "lin_oauth_", "lin_wh_"], ALNUM, 20),
	vendorToken("notion", ["ntn_", "secret_"], ALNUM, 40),
	vendorToken("figma", ["figd_", "figu_", "figo_"], WORD, 20),
	vendorToken("logfire", ["pylf_v1_", "pylf_v2_", "pylf_v3_"], "A-Za-z0-9_", 20),
	vendorToken("sentry", ["sntrys_", "sntryu_", "sntrya_"], "A-Za-z0-9+/=_", 30),
	vendorToken("grafana", ["glsa_", "glc_"], BASE64, 20),
	vendorToken("new-relic", ["NRAK-", "NRII-", "NRIQ-", "NRRA-", "NRBR-", "NRSP-"], WORD, 18),
	vendorToken("dynatrace", ["dt0c01.", "dt0s01.", "dt0s16."], "A-Z0-9.", 40),
	vendorToken("datadog", ["ddpat_", "ddapp_"], WORD, 20),
	vendorToken("honeycomb", ["hcaik_", "hcbik_", "hcxik_"], ALNUM, 30),
	vendorToken("posthog", ["phx_", "phs_"], ALNUM, 30),
	vendorToken("vault", ["hvs.", "hvb.", "hvr."], WORD, 20),
	vendorToken("doppler", ["dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."], "A-Za-z0-9_.-", 30),
	patternRule({
		name: "terraform",
		anchors: [".atlasv1."],
		pattern: /\.atlasv1\.[\w-]{40,}/y,
		before: { chars: /[A-Za-z0-9]/, min: 10 },
	}),
	vendorToken("pulumi", "pul-", "0-9a-f", 40),
	vendorToken("planetscale", ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], "A-Za-z0-9_.=-", 20),
	vendorToken("supabase", ["sbp_", "sb_secret_"], ALNUM, 20),
	vendorToken("vercel", ["vcp_", "vci_", "vca_", "vcr_", "vck_", "vercel_blob_rw_"], ALNUM, 20),
	vendorToken("netlify", ["nfp_", "nfc_", "nfo_", "nfu_"], ALNUM, 30),
	vendorToken("fly", ["fo1_", "fm1_", "fm1a_", "fm1r_", "fm2_"], BASE64, 20),
	vendorToken("tailscale", "tskey-", WORD, 16),
	vendorToken("openshift", "sha256~", WORD, 40),
	vendorToken("onepassword", "ops_eyJ", BASE64, 20),
	vendorToken("age", "AGE-SECRET-KEY-1", "A-Z0-9", 20),
	vendorToken("square", ["sq0atp-", "sq0csp-", "EAAAE", "EAAAl"], WORD, 22),
	vendorToken("paypal", "access_token$production$", "a-z0-9$", 20),
	vendorToken("plaid", ["access-production-", "access-sandbox-", "access-development-"], "0-9a-f-", 30),
	vendorToken("shippo", ["shippo_live_", "shippo_test_"], HEX, 30),
	vendorToken("postman", "PMAK-", "0-9a-f-", 30),
	vendorToken("contentful", "CFPAT-", WORD, 30),
	parts("airtable", "pat", "[A-Za-z0-9]{14}\\.[0-9a-f]{40,}", "[A-Za-z0-9]{14}\\.[0-9a-f]*"),
	vendorToken("artifactory", ["AKCp", "cmVmdGtu"], ALNUM, 50),
	vendorToken("alibaba", "LTAI", ALNUM, 16),
	vendorToken("circleci", ["CCIPAT_", "CCIPRJ_"], "A-Za-z0-9_", 20),
	vendorToken("buildkite", ["bkua_", "bkct_"], ALNUM, 30),
	vendorToken("sourcegraph", ["sgp_", "slk_"], "A-Za-z0-9_", 30),
	parts("resend", "re_", "[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", "[A-Za-z0-9]{8}_[A-Za-z0-9]*"),
	vendorToken("cloudflare", ["cfut_", "cfat_", "cfk_"], WORD, 30),
	vendorToken("adafruit", "aio_", ALNUM, 26),
	vendorToken("readme", "rdme_", ALNUM, 40),
	vendorToken("prefect", ["pnu_", "pnb_"], ALNUM, 30),
];

/** A token whose prefix is short and common, so that its inner structure has to prove it. */
function parts(name: string, prefix: string, whole: string, beginning: string): SecretRule {
	return patternRule({
		name,
		anchors: [prefix],
		pattern: new RegExp(quote(prefix) + whole, "y"),
		open: new RegExp(quote(prefix) + beginning + CUT_END, "y"),
	});
}
