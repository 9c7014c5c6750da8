import type { Logger } from "../../platform/logger.ts";
import type { CacheStatus } from "../contract/index.ts";
import { inTurn } from "../platform/in-turn.ts";
import { KeyedQueue } from "../platform/keyed-queue.ts";
import type { Resources, Urgency } from "../services/context.ts";
import { lookAtAll } from "./look-at-all.ts";
import { lookAtCaches } from "./look-at-cache.ts";
import { isUrgent, orderFailovers, replacesDead } from "./order-failovers.ts";
import { reconcileCache } from "./reconcile-cache.ts";

const CONCURRENCY = 5;
/** How many urgent caches are decided on together. */
const URGENT_TOGETHER = 50;
/** Every cache is checked this often even without a wake-up, unless there are too many for that. */
const RESYNC_MS = 10_000;
const RESYNCS_PER_SECOND = 200;
/** A cache that isn't settled is checked this often: what blocks it may disappear without a wake-up. */
const UNSETTLED_MS = 1_000;
const ERROR_RETRY_MS = 500;

export interface Reconciler {
	wake(cacheId: string, urgency?: Urgency): void;
	stop(): Promise<void>;
}

/** Keeps moving every cache toward its wanted state. Takes keys, never events. */
export function startReconciler(resources: Resources, logger: Logger): Reconciler {
	const placementLock = inTurn();
	const queue = new KeyedQueue({
		...{ concurrency: CONCURRENCY, batch: URGENT_TOGETHER },
		work: (cacheId) => pass(cacheId),
		workTogether: (cacheIds) => decide(cacheIds),
		sift: (cacheIds) => findUnsettled(cacheIds),
		onError(cacheIds, error) {
			logger.error({ err: error, cacheIds }, "reconciling caches failed; trying again");
			for (const cacheId of cacheIds) queue.addAfter(cacheId, ERROR_RETRY_MS);
		},
	});
	const pass = async (cacheId: string) => {
		await resources.orders.quiet(cacheId);
		const { again, status } = await reconcileCache(resources, cacheId, placementLock);
		if (again) wake(cacheId, status === "unavailable" ? "urgent" : undefined);
		else lookAgain(cacheId, status);
	};
	const decide = async (cacheIds: readonly string[]) => {
		for (const { cacheId, look, settled } of await orderFailovers(resources, cacheIds)) {
			if (look !== null && (settled || replacesDead(look))) lookAgain(cacheId, look.plan.status);
			else if (look !== null && isUrgent(look)) queue.addNext(cacheId);
			else queue.add(cacheId);
		}
	};
	const findUnsettled = async (cacheIds: readonly string[]) => {
		await resources.orders.quiet();
		const seen = await lookAtCaches(resources, cacheIds);
		for (const { cacheId, look, settled } of seen) {
			if (look !== null && settled) lookAgain(cacheId, look.plan.status);
		}
		return seen.filter(({ settled }) => !settled).map(({ cacheId }) => cacheId);
	};
	const lookAgain = (cacheId: string, status: CacheStatus | "gone") => {
		if (status !== "gone" && status !== "available") queue.addAfter(cacheId, UNSETTLED_MS);
	};
	const wake = (cacheId: string, urgency?: Urgency) =>
		urgency === "urgent" ? queue.addUrgent(cacheId) : queue.add(cacheId);
	wakeAll(resources, wake).catch((err: unknown) =>
		logger.error({ err }, "listing the caches failed"),
	);
	const endLooks = lookAtAll({
		list: async () => {
			const caches = await resources.db.cache.findMany({ select: { id: true } });
			return caches.map(({ id }) => id);
		},
		async look(cacheIds) {
			await resources.orders.quiet();
			const seen = await lookAtCaches(resources, cacheIds);
			for (const { cacheId, settled } of seen) if (!settled) wake(cacheId);
		},
		onError: (err) => logger.error({ err }, "looking at the caches failed"),
		...{ periodMs: RESYNC_MS, perSecond: RESYNCS_PER_SECOND },
	});
	return {
		wake,
		async stop() {
			endLooks();
			await queue.stop();
		},
	};
}

/** After a start: what the control plane before this one left unfinished comes first. */
async function wakeAll({ db }: Resources, wake: Reconciler["wake"]): Promise<void> {
	const caches = await db.cache.findMany({ select: { id: true, status: true } });
	for (const { id, status } of caches) wake(id, status === "available" ? undefined : "urgent");
}
