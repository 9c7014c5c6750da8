/** How a read was answered. */
export type ReadOutcome =
	/** From the cache. */
	| "hit"
	/** From the cache, which knows that the database has no such value. */
	| "negative-hit"
	/** From the cache, past its TTL, while it is loaded anew. */
	| "stale"
	/** From the database, and the cache now has it. */
	| "miss"
	/** From another caller's load, in this process or another. */
	| "shared"
	/** From the database, because a write of the value was under way or another process took too long to load it. */
	| "bypass"
	/** From the database, because the cache is unavailable. */
	| "fallback";

/** What happened, for metrics, traces and logs. Durations are milliseconds; keys are without the prefix. */
export type CacheEvent =
	| {
			readonly type: "read";
			readonly key: string;
			readonly outcome: ReadOutcome;
			readonly durationMs: number;
	  }
	| {
			readonly type: "load";
			readonly keys: readonly string[];
			/** `refresh`: nobody waits for it. */
			readonly reason: "miss" | "refresh" | "direct";
			readonly durationMs: number;
			readonly error?: unknown;
	  }
	| {
			readonly type: "write";
			readonly key: string;
			/** Whether readers find the new value in the cache. */
			readonly cached: boolean;
			readonly durationMs: number;
			readonly error?: unknown;
	  }
	| {
			readonly type: "flush";
			readonly keys: readonly string[];
			readonly durationMs: number;
			readonly error?: unknown;
	  }
	| {
			readonly type: "invalidate";
			/** A key, or a tag. */
			readonly name: string;
			/** False: the cache is unavailable, and it will be done when it is back. */
			readonly done: boolean;
	  }
	| { readonly type: "store-error"; readonly operation: string; readonly error: unknown }
	| { readonly type: "breaker"; readonly state: "open" | "half-open" | "closed" };

export type EventListener = (event: CacheEvent) => void;
