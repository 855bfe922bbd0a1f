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
	unreadableSecret: (variable: string, expects: string) =>
		new UserMistake(`${variable} cannot be read: it must be ${expects}; correct it or unset it.`),
	unreadableEndpoint: (variable: string, value: string, example: string) =>
		new UserMistake(`${variable} is ${quote(value)}, which is no URL: write it like ${example}.`),
	unknownBackend: (variable: string, name: string, known: readonly string[]) =>
		new UserMistake(
			`${variable} names ${quote(name)}, which is no back end that claude-otel knows: choose from ${known.join(", ")}, or none.`,
		),
	noneBesideBackends: (variable: string) =>
		new UserMistake(`${variable} names none beside back ends: name none alone, or leave it out.`),
	backendWithoutKey: (name: string, missing: readonly string[]) =>
		new UserMistake(
			`CLAUDE_OTEL_BACKEND names ${name}, but ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set: set ${missing.length === 1 ? "it" : "them"}, or take ${name} out.`,
		),
	badPattern: (sentence: string) => new UserMistake(`${sentence.replace(/\.$/, "")}: correct it or take it out.`),
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
	sameKeepingFile: (path: string) =>
		`CLAUDE_OTEL_STORE and CLAUDE_OTEL_SPOOL both name ${path}, so what a collector does not take is lost: give each a file of its own.`,
	endpointWithSignalPath: (variable: string, endpoint: string, path: string) =>
		`${variable} is ${endpoint}, but what it names is completed by the path of each signal: leave /${path} out, or name the signals' own endpoints.`,
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
	backendPassedOver: (title: string, sentence: string) => `${sentence} Nothing is sent to ${title}.`,
	batchLargerThanQueue: (batchVariable: string, queueVariable: string) =>
		`${batchVariable} is larger than ${queueVariable}: batches are as large as the queue.`,
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
	pipe: (variable: string, path: string) =>
		`${variable} names ${quote(path)}, a pipe, for which Claude Code's own telemetry would wait: it is left off and this run is told without it; name a plain file.`,
	noDestination: (signal: string, why: string) => `Claude Code's own ${signal} are not passed on. ${why}`,
};

/** Of a door that fails while the session runs: told in the diagnostics. */
export const doorNotes = {
	restarted: (door: Door, reason: string) =>
		`${DOORS[door]} failed (${reason}) and was opened again: what claude sent meanwhile may be missing.`,
	lost: (door: Door, reason: string) =>
		`${DOORS[door]} failed (${reason}) and stays closed: what claude would send there is missing from now on, start claude anew to have it back.`,
};

const DOORS = {
	http: "The loopback port for hooks and Claude Code's own telemetry",
	socket: "The socket for forwarded hooks",
	grpc: "The loopback port for Claude Code's own telemetry over gRPC",
};
export type Door = keyof typeof DOORS;

/** What did not arrive, told once when claude has left the terminal. */
export const deliveryLines = {
	delivered: (what: string, destination: string) =>
		`${what} ${isOne(what) ? "was" : "were"} delivered to ${destination}.`,
	nothingDelivered: (destination: string) => `Nothing was delivered to ${destination}.`,
	undelivered: (what: string, destination: string, reason: string, cure: string) =>
		`claude-otel: ${what} ${isOne(what) ? "was" : "were"} not delivered to ${destination} (${reason}); ${cure}.`,
	waiting: (what: string, destination: string, reason: string, cure: string) =>
		`claude-otel: ${what} could not be delivered to ${destination} yet (${reason}) and ${isOne(what) ? "waits" : "wait"} on this machine for the next run or \`claude-otel flush\`; ${cure}.`,
	notPassedOn: (what: string, lost: number, all: number, destination: string, reason: string, cure: string) =>
		`claude-otel: ${lost} of ${all} exports of Claude Code's own ${what} ${lost === 1 ? "was" : "were"} not delivered to ${destination} (${reason}); ${cure}.`,
	spoolFull: (items: number) =>
		`claude-otel: ${items} of the oldest spans, points and records that waited for a collector were dropped, because the spool is full; raise CLAUDE_OTEL_SPOOL_MAX_MB or deliver them with \`claude-otel flush\`.`,
};

/** Of the files in which we keep things. */
export const keepingLines = {
	noStore: (path: string, reason: string) =>
		`${path} cannot be used (${reason}), so a killed session cannot be recovered: mend it, name another file in CLAUDE_OTEL_STORE, or set it to off.`,
	notKept: (path: string, reason: string) =>
		`${path} could not take all of this session (${reason}), so it cannot be recovered if it is killed: make room, or name another file in CLAUDE_OTEL_STORE.`,
	noSpool: (path: string, reason: string) =>
		`${path} cannot be used (${reason}), so what a collector does not take is lost: mend it, name another file in CLAUDE_OTEL_SPOOL, or set it to off.`,
	damaged: (path: string, aside: string) =>
		`${path} was damaged: it was put aside as ${aside}, and a new one was begun.`,
	damagedNow: (path: string, aside: string | undefined) =>
		`${path} was found damaged and put aside${aside === undefined ? "" : ` as ${aside}`}: sessions in it that were not told to their end cannot be recovered, and the next one begins a new file.`,
	network: (path: string) =>
		`${path} lies on a network file system, where it is written more slowly so that it stays whole: name a local file for speed.`,
};

/** In the delivery line: what to do about each kind of failure. */
export const deliveryCures = {
	unreachable: (variable: string) => `check that a collector listens there or set ${variable}`,
	noAnswer: () => "check the collector: it took the connection but did not answer in time",
	refusedIdentity: () => "check the credentials in OTEL_EXPORTER_OTLP_HEADERS",
	wrongPath: (variable: string) => `check the path in ${variable}`,
	webPage: (variable: string) => `log in to the network if it wants that, or check that ${variable} names a collector`,
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

/** The same where a proxy is in between, and is not reached or does not let us through. */
export const proxyFailure = (address: string, words: string, variable: string) => ({
	reason: `proxy ${address}: ${words}`,
	cure: `check the proxy, which ${variable} names, or list the host in NO_PROXY`,
});

/** The same where the destination is a back end of CLAUDE_OTEL_BACKEND, and no collector of the user's. */
export const backendCures: {
	readonly [kind in keyof typeof deliveryCures]?: (address: string, credentials: string) => string;
} = {
	unreachable: (address) => `check the network, the proxy and ${address}`,
	noAnswer: () => "raise CLAUDE_OTEL_EXIT_GRACE_MS if it is far away",
	refusedIdentity: (address, credentials) =>
		address === credentials
			? `check ${credentials}`
			: `check ${credentials}, and ${address} if it is for another region`,
	wrongPath: (address) => `check ${address}`,
	webPage: (address) => `log in to the network if it wants that, or check ${address}`,
	wrongProtocol: (address) => `check ${address}`,
	certificate: (address) => `check ${address}, or name your proxy's authority in NODE_EXTRA_CA_CERTS`,
	tooLarge: () => "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	overloaded: () => "it asks for fewer requests",
	rejected: () => "run it with --claude-otel-debug to see why",
};

function isOne(what: string): boolean {
	return what === "1 span" || what === "1 log record";
}

/** In one line, and of a long text its beginning. */
export function quote(value: string): string {
	return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
