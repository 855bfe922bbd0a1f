// OpenTelemetry providers that a program has already → sinks that hand everything to them. They stay the program's: they
// are flushed at a run's end and never shut down.
import type { SinkOptions, Sinks } from "./providers.ts";
import type { Providers } from "./sink-types.ts";

export function createProviderSinks(providers: Providers): (options: SinkOptions) => Promise<Sinks> {
	const { tracerProvider, meterProvider, loggerProvider } = providers;
	return async ({ scope: { name, version }, diagnostics }) => {
		async function flushAll(): Promise<void> {
			const all = [tracerProvider, meterProvider, loggerProvider].map(async (provider) => provider.forceFlush?.());
			for (const result of await Promise.allSettled(all)) {
				if (result.status === "rejected") diagnostics.say("warn", `A provider was not flushed: ${result.reason}`);
			}
		}
		async function flush(timeoutMs: number): Promise<void> {
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, timeoutMs);
			});
			await Promise.race([flushAll(), late]);
			clearTimeout(timer);
		}
		return {
			tracer: tracerProvider.getTracer(name, version),
			meter: meterProvider.getMeter(name, version),
			logger: loggerProvider.getLogger(name, version),
			// It is the providers' own.
			resource: {},
			meters: [],
			async warm() {},
			flush,
			async shutdown(timeoutMs) {
				await flush(timeoutMs);
				return { signals: [] };
			},
		};
	};
}
