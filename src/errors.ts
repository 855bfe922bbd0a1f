// What the user reads when something is wrong: one sentence each, and in it the cure. Comes in: the
// facts of the case. Goes out: a sentence, or a UserMistake that ends the program with it.

/** Something only the user can put right: shown as one line, without a stack. */
export class UserMistake extends Error {
	override readonly name = "UserMistake";
	readonly exitCode: number;

	constructor(sentence: string, exitCode = 2) {
		super(sentence);
		this.exitCode = exitCode;
	}
}

/** The sentences that end the program. */
export const mistakes = {
	unreadableSetting: (variable: string, value: string, expects: string) =>
		new UserMistake(`${variable} is ${quote(value)}, but must be ${expects}: correct it or unset it.`),
	unreadableEndpoint: (variable: string, value: string, example: string) =>
		new UserMistake(`${variable} is ${quote(value)}, which is no URL: write it like ${example}.`),
	badPattern: (sentence: string) => new UserMistake(sentence),
	badRedactionFile: (path: string, reason: string) =>
		new UserMistake(
			`CLAUDE_OTEL_REDACT_CONFIG names ${quote(path)}, which cannot be read as JSON (${quote(reason)}): correct the file or the path.`,
		),
	prometheusNeedsService: (variable: string) =>
		new UserMistake(
			`${variable}=prometheus needs a process that stays to be scraped, and a run of claude does not: set it to otlp and let a collector offer the metrics to Prometheus.`,
		),
};

/** Sentences that do not stop the program: told by --config and in the diagnostics. */
export const warnings = {
	ignoredSetting: (variable: string, value: string, expects: string, used: string) =>
		`${variable} is ${quote(value)}, but must be ${expects}: ${used} is used instead.`,
	grpcToHttpPort: (variable: string, endpoint: string, protocolVariable: string) =>
		`${variable} is ${endpoint}, the usual port of http, but the protocol is grpc: set ${protocolVariable}=http/protobuf or use port 4317.`,
	httpToGrpcPort: (variable: string, endpoint: string, protocolVariable: string, protocol: string) =>
		`${variable} is ${endpoint}, the usual port of grpc, but the protocol is ${protocol}: set ${protocolVariable}=grpc or use port 4318.`,
	grpcPathIgnored: (variable: string, endpoint: string) =>
		`${variable} is ${endpoint}, but grpc has no paths: its path is ignored; leave it out or use http/protobuf.`,
	grpcWithoutPort: (variable: string, endpoint: string, port: string) =>
		`${variable} is ${endpoint}, without a port, so ${port} is used: add :4317 if the collector listens there.`,
	signalEndpointWithoutPath: (variable: string, endpoint: string, path: string) =>
		`${variable} is ${endpoint}, which is used as it stands, without a path: collectors expect ${endpoint.replace(/\/$/, "")}/${path}.`,
	endpointWithoutScheme: (variable: string, endpoint: string) =>
		`${variable} is ${endpoint}, without a scheme, which means TLS: write http://${endpoint} for a collector without it.`,
	clientCertificateIncomplete: (missing: string, given: string) =>
		`${given} is set without ${missing}: set both, or neither; no client certificate is used.`,
	batchLargerThanQueue: (batchVariable: string, queueVariable: string) =>
		`${batchVariable} is larger than ${queueVariable}: batches are as large as the queue.`,
	timeoutLongerThanInterval: () =>
		"OTEL_METRIC_EXPORT_TIMEOUT is longer than OTEL_METRIC_EXPORT_INTERVAL: the interval is used for both.",
};

/** Of hooks that came, or did not: told in the diagnostics. */
export const hookNotes = {
	noneCame: (due: number) =>
		`No hook reached us, though ${due} had to: see what Claude Code's /hooks lists, and whether a proxy takes requests to 127.0.0.1.`,
	foreign: (count: number) => `${count} hooks of sessions that this run did not start were dropped.`,
};

/** Of Claude Code's own telemetry: told in the diagnostics. */
export const nativeNotes = {
	locked: (signal: string, path: string, by: string) =>
		`${path} sets ${by}, so Claude Code's own ${signal} go where that says, and not through us: this run is told without them.`,
	broken: () =>
		"An exporter or a protocol of Claude Code's telemetry has a name that Claude Code does not know, so by itself it would export nothing: correct OTEL_METRICS_EXPORTER, OTEL_LOGS_EXPORTER or OTEL_EXPORTER_OTLP_PROTOCOL.",
	noDestination: (signal: string, why: string) => `Claude Code's own ${signal} are not passed on. ${why}`,
};

/** What did not arrive, told once when claude has left the terminal. */
export const deliveryLines = {
	undelivered: (what: string, destination: string, reason: string, cure: string) =>
		`claude-otel: ${what} ${what === "1 span" || what === "1 log record" ? "was" : "were"} not delivered to ${destination} (${reason}); ${cure}.`,
};

/** In the delivery line: what to do about each kind of failure. */
export const deliveryCures = {
	unreachable: (variable: string) => `check that a collector listens there or set ${variable}`,
	noAnswer: () => "check the collector: it took the connection but did not answer in time",
	refusedIdentity: () => "check the credentials in OTEL_EXPORTER_OTLP_HEADERS",
	wrongPath: (variable: string) => `check the path in ${variable}`,
	wrongProtocol: (variable: string) =>
		`check OTEL_EXPORTER_OTLP_PROTOCOL and the port in ${variable}: 4317 is usual for grpc, 4318 for http/protobuf`,
	certificate: () => "check OTEL_EXPORTER_OTLP_CERTIFICATE",
	tooLarge: () => "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or raise the limit of the collector",
	overloaded: () => "the collector is overloaded or asks for fewer requests",
	rejected: () => "the log of the collector tells why",
	unknown: () => "run it with --claude-otel-debug to see why",
	queueFull: () => "raise OTEL_BSP_MAX_QUEUE_SIZE and OTEL_BLRP_MAX_QUEUE_SIZE",
	forwardFull: () => "the collector takes less than Claude Code sends",
	redaction: () => "run it with --claude-otel-debug to see why",
	console: () => "use CLAUDE_OTEL_FILE for long sessions",
	file: () => "check that CLAUDE_OTEL_FILE names a file that can be written",
};

function quote(value: string): string {
	return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
