export type { CacheStats } from "./cache-parts.ts";
export type { Clock } from "./clock.ts";
export type { CacheEvent, EventListener, ReadOutcome } from "./events.ts";
export type { BreakerOptions } from "./guarded-store.ts";
export { type MemoryStoreOptions, memoryStore } from "./memory-store.ts";
export { type NearCache, type NearCacheOptions, nearCache } from "./near-cache.ts";
export { type Meter, openTelemetry, type TelemetryOptions, type Tracer } from "./open-telemetry.ts";
export type { CacheOptions, Codec } from "./options.ts";
export {
	invalidateFromPostgres,
	notifyOnChange,
	type PostgresClient,
	type PostgresFeedOptions,
} from "./postgres.ts";
export { CacheUnavailableError, type Store, type TrackingListener } from "./store.ts";
export { type GlideClient, glideStore } from "./stores/glide.ts";
export { type IoredisClient, type IoredisStoreOptions, ioredisStore } from "./stores/ioredis.ts";
export { type MemcachedClient, memcachedStore } from "./stores/memcached.ts";
export { type NodeRedisClient, nodeRedisStore } from "./stores/node-redis.ts";
export {
	cacheAside,
	type ReadCache,
	type WriteBehindCache,
	type WriteBehindOptions,
	type WriteCache,
	type WriteOptions,
	writeAround,
	writeBehind,
	writeThrough,
} from "./strategies.ts";
export type { WriterOptions } from "./writer.ts";
