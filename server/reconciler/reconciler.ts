import type { Logger } from "../../platform/logger.ts";
import { KeyedQueue } from "../platform/keyed-queue.ts";
import type { Resources } from "../services/context.ts";
import { reconcileCache } from "./reconcile-cache.ts";

const CONCURRENCY = 4;
/** Everything is looked at this often even if no wake-up came. */
const RESYNC_MS = 10_000;
/** A cache that isn't settled is looked at this often: what blocks it may go away without a word. */
const UNSETTLED_MS = 1_000;
const ERROR_RETRY_MS = 500;

export interface Reconciler {
	wake(cacheId: string): void;
	stop(): Promise<void>;
}

/** Keeps every cache on its way to what is wanted. Takes keys, never events. */
export function startReconciler(resources: Resources, logger: Logger): Reconciler {
	let lastPlacement: Promise<unknown> = Promise.resolve();
	const placementLock = <T>(work: () => Promise<T>): Promise<T> => {
		const run = lastPlacement.then(work, work);
		lastPlacement = run.catch(() => undefined);
		return run;
	};
	const queue = new KeyedQueue({
		concurrency: CONCURRENCY,
		async work(cacheId) {
			await resources.orders.quiet(cacheId);
			const { again, status } = await reconcileCache(resources, cacheId, placementLock);
			if (again) queue.add(cacheId);
			else if (status !== "gone" && status !== "available") queue.addAfter(cacheId, UNSETTLED_MS);
		},
		onError(cacheId, error) {
			logger.error({ err: error, cacheId }, "a pass over a cache failed and is repeated");
			queue.addAfter(cacheId, ERROR_RETRY_MS);
		},
	});
	const resync = async () => {
		const caches = await resources.db.cache.findMany({ select: { id: true } });
		for (const cache of caches) queue.add(cache.id);
	};
	const onResyncError = (err: unknown) => logger.error({ err }, "listing the caches failed");
	const timer = setInterval(() => resync().catch(onResyncError), RESYNC_MS);
	resync().catch(onResyncError);
	return {
		wake: (cacheId) => queue.add(cacheId),
		async stop() {
			clearInterval(timer);
			await queue.stop();
		},
	};
}
