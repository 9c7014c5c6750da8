import type { Logger } from "../../platform/logger.ts";
import type { CacheStatus } from "../contract/index.ts";
import { inTurn } from "../platform/in-turn.ts";
import { KeyedQueue } from "../platform/keyed-queue.ts";
import type { Resources, Urgency } from "../services/context.ts";
import { lookAtAll } from "./look-at-all.ts";
import { lookAtCaches } from "./look-at-cache.ts";
import { reconcileCache } from "./reconcile-cache.ts";
import { isUrgent, reconcileTogether } from "./reconcile-together.ts";

const CONCURRENCY = 5;
/**
 * How many caches are reconciled together. It takes some twenty statements for any number of them, and when many hosts are
 * lost, each statement waits for its turn. The second batch gives orders while the first is being stored.
 */
const TOGETHER = { batch: 200, batchesAtOnce: 2 } as const;
/** With so many caches that wait for a decision, other work gives way until none does. */
const RUSH_FROM = 20;
/** So long, urgent caches are gathered during a rush, because twenty passes take as many statements as a batch does. */
const GATHER_MS = 100;
/** Every cache is checked this often even without a wake-up, unless there are too many for that. */
const RESYNC_MS = 10_000;
const RESYNCS_PER_SECOND = 200;
/** A cache that isn't settled is checked this often: what blocks it may disappear without a wake-up. */
const UNSETTLED_MS = 1_000;
const UNSETTLED_EACH_MS = 10;
const ERROR_RETRY_MS = 500;
/** How long work that isn't urgent waits while many caches wait for a decision. */
const GIVES_WAY_MS = 2_000;

export interface Reconciler {
	wake(cacheId: string, urgency?: Urgency): void;
	stop(): Promise<void>;
}

/** Keeps moving every cache toward its wanted state. Takes keys, never events. */
export function startReconciler(resources: Resources, logger: Logger): Reconciler {
	const placementLock = inTurn();
	const queue = new KeyedQueue({
		...{ concurrency: CONCURRENCY, ...TOGETHER },
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
	const together = (cacheIds: readonly string[]) =>
		reconcileTogether(resources, cacheIds, (err) =>
			logger.error(
				{ err, cacheIds },
				"recording many caches together failed; each gets its own pass",
			),
		);
	const decide = async (cacheIds: readonly string[]) => {
		noteRush();
		for (const { cacheId, look, left } of await together(cacheIds)) {
			if (look !== null && left === "nothing") lookAgain(cacheId, look.plan.status);
			else if (look !== null && left === "pass" && isUrgent(look)) queue.addNext(cacheId);
			else queue.add(cacheId);
		}
	};
	const findUnsettled = async (cacheIds: readonly string[]) => {
		await resources.orders.quiet();
		await resources.rush.over(GIVES_WAY_MS);
		const reconciled = await together(cacheIds);
		for (const { cacheId, look, left } of reconciled) {
			if (look !== null && left === "nothing") lookAgain(cacheId, look.plan.status);
			if (left === "look") queue.add(cacheId);
		}
		return reconciled.filter(({ left }) => left === "pass").map(({ cacheId }) => cacheId);
	};
	/** With thousands of them, further apart: what changes for one of them wakes it, and the round below includes all. */
	const lookAgain = (cacheId: string, status: CacheStatus | "gone") => {
		if (status === "gone" || status === "available") return;
		queue.addAfter(cacheId, Math.max(UNSETTLED_MS, queue.delayed * UNSETTLED_EACH_MS));
	};
	const noteRush = () => {
		if (queue.pressing >= (resources.rush.isOn ? 1 : RUSH_FROM)) resources.rush.note();
	};
	const gathered = new Set<string>();
	const takeGathered = () => {
		queue.addUrgent(gathered);
		gathered.clear();
		noteRush();
	};
	const wake = (cacheId: string, urgency?: Urgency) => {
		if (urgency !== "urgent") return queue.add(cacheId);
		if (gathered.size === 0) {
			if (resources.rush.isOn) setTimeout(takeGathered, GATHER_MS);
			else queueMicrotask(takeGathered);
		}
		gathered.add(cacheId);
	};
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
			await resources.rush.over(GIVES_WAY_MS);
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
