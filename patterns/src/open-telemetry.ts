import type { CacheEvent, EventListener } from "./events.ts";

/** What is used of a tracer of `@opentelemetry/api`. */
export interface Tracer {
	startSpan(
		name: string,
		options: { startTime: number; attributes: Record<string, string | number | boolean> },
	): { recordException(error: Error): void; end(endTime?: number): void };
}

/** What is used of a meter of `@opentelemetry/api`. */
export interface Meter {
	createCounter(
		name: string,
		options: { description: string; unit?: string },
	): { add(value: number, attributes: Record<string, string>): void };
	createHistogram(
		name: string,
		options: { description: string; unit: string },
	): { record(value: number, attributes: Record<string, string>): void };
}

export interface TelemetryOptions {
	/** Names the cache in spans and metrics: `cache.name`. */
	readonly name: string;
	/** A span for each load, write and flush. */
	readonly tracer?: Tracer;
	/** `cache.reads` by outcome, `cache.errors` by operation, `cache.duration` in seconds by operation. */
	readonly meter?: Meter;
}

/** A listener for `onEvent` that passes what happens to OpenTelemetry. Keys stand in spans, never in metrics. */
export function openTelemetry({ name, tracer, meter }: TelemetryOptions): EventListener {
	const reads = meter?.createCounter("cache.reads", { description: "Reads, by outcome" });
	const errors = meter?.createCounter("cache.errors", {
		description: "Operations of the cache that failed, and loads and writes of the database",
	});
	const durations = meter?.createHistogram("cache.duration", {
		description: "How long reads, loads and writes took",
		unit: "s",
	});
	const measure = (operation: string, event: { durationMs: number; error?: unknown }) => {
		durations?.record(event.durationMs / 1_000, { "cache.name": name, operation });
		if (event.error !== undefined) errors?.add(1, { "cache.name": name, operation });
	};
	const trace = (
		operation: string,
		event: { durationMs: number; error?: unknown },
		attributes: Record<string, string | number | boolean>,
	) => {
		const endTime = Date.now();
		const startTime = endTime - event.durationMs;
		const options = { startTime, attributes: { "cache.name": name, ...attributes } };
		const span = tracer?.startSpan(`cache ${operation}`, options);
		if (event.error instanceof Error) span?.recordException(event.error);
		span?.end(endTime);
	};
	return (event: CacheEvent) => {
		switch (event.type) {
			case "read":
				reads?.add(1, { "cache.name": name, outcome: event.outcome });
				measure("read", event);
				break;
			case "load":
			case "flush": {
				const reason = event.type === "load" ? { "cache.reason": event.reason } : {};
				measure(event.type, event);
				trace(event.type, event, { "cache.keys": event.keys.length, ...reason });
				break;
			}
			case "write":
				measure("write", event);
				trace("write", event, { "cache.key": event.key, "cache.cached": event.cached });
				break;
			case "store-error":
				errors?.add(1, { "cache.name": name, operation: event.operation });
				break;
			case "invalidate":
			case "breaker":
				break;
		}
	};
}
