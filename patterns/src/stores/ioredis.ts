import { CacheUnavailableError, type Store } from "../store.ts";
import { hashSlot, readByGroup } from "./hash-slot.ts";
import { canDuplicate, isTrackableCluster, trackCluster, trackServer } from "./ioredis-tracking.ts";
import { runSwap } from "./swap-script.ts";

/** What the store uses of ioredis's `Redis` and `Cluster`. */
export interface IoredisClient {
	readonly isCluster?: boolean;
	get(key: string): Promise<string | null>;
	mget(...keys: string[]): Promise<(string | null)[]>;
	evalsha(sha1: string, keys: number, ...args: string[]): Promise<unknown>;
	eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
	wait?(replicas: number, timeoutMs: number): Promise<number>;
}

export interface IoredisStoreOptions {
	/**
	 * How many replicas must have each change before it counts (WAIT), so that the guarantees survive the loss of the primary;
	 * a change that they don't get in time counts as a failure of the cache. 0 by default. Not with `Cluster`. Hits cost nothing more.
	 */
	readonly replicas?: number;
	/** How long replicas may take. Milliseconds, 100 by default; must be less than the breaker's `operationTimeoutMs`. */
	readonly replicaTimeoutMs?: number;
}

/** A cache by ioredis. With `Cluster`, leave `scaleReads` at "master": replicas answer with older values. */
export function ioredisStore(
	client: IoredisClient,
	{ replicas = 0, replicaTimeoutMs = 100 }: IoredisStoreOptions = {},
): Store {
	const isCluster = client.isCluster === true;
	if (isCluster && replicas > 0) {
		throw new RangeError("ioredisStore: replicas can't be waited for with Cluster");
	}
	const waitForReplicas = async () => {
		const have = await client.wait?.(replicas, replicaTimeoutMs);
		if ((have ?? 0) < replicas) {
			throw new CacheUnavailableError(`${have} of ${replicas} replicas have the change`);
		}
	};
	return {
		get: (key) => client.get(key),
		getMany: (keys) =>
			isCluster
				? readByGroup(keys, hashSlot, (group) => client.mget(...group))
				: client.mget(...keys),
		async swap(key, expected, next, ttlMs) {
			const isDone = await runSwap(
				(command, script, place, args) =>
					command === "EVAL"
						? client.eval(script, 1, place, ...args)
						: client.evalsha(script, 1, place, ...args),
				...([key, expected, next, ttlMs] as const),
			);
			if (isDone && replicas > 0) await waitForReplicas();
			return isDone;
		},
		...(isTrackableCluster(client)
			? { track: (prefix, listener) => trackCluster(client, prefix, listener) }
			: canDuplicate(client) && {
					track: (prefix, listener) => trackServer(client, prefix, listener),
				}),
	};
}
