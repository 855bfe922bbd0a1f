// Wraps an exporter over TLS: where its certificate is not trusted, another one that trusts more takes over for the rest
// of the run. Only then, for reading all authorities of a system takes a good part of a second.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "./exporter.ts";
import { describeFailure } from "./failure.ts";

export class TrustingExporter<B> implements BatchExporter<B> {
	private readonly usual: BatchExporter<B>;
	private readonly openWider: () => BatchExporter<B>;
	private wider: BatchExporter<B> | undefined;
	private closed = false;

	/** @param openWider may throw: then the failure stands as it is */
	constructor(usual: BatchExporter<B>, openWider: () => BatchExporter<B>) {
		this.usual = usual;
		this.openWider = openWider;
	}

	export(batch: B, done: (result: ExportResult) => void): void {
		if (this.wider !== undefined) return this.wider.export(batch, done);
		this.usual.export(batch, (result) => {
			const wider = isMistrust(result) ? this.widen() : undefined;
			if (wider === undefined) done(result);
			else wider.export(batch, done);
		});
	}

	async shutdown(): Promise<void> {
		this.closed = true;
		await Promise.all([this.usual.shutdown(), this.wider?.shutdown()]);
	}

	private widen(): BatchExporter<B> | undefined {
		if (this.closed) return undefined;
		try {
			this.wider ??= this.openWider();
		} catch {
			return undefined;
		}
		return this.wider;
	}
}

function isMistrust({ code, error }: ExportResult): boolean {
	return code !== ExportResultCode.SUCCESS && describeFailure(error).cure === "certificate";
}
