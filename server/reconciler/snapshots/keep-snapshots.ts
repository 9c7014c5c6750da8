import type { Logger } from "../../../platform/logger.ts";
import { FULL_SNAPSHOT, type FullSnapshot } from "../../data/snapshot-view.ts";
import type { Resources } from "../../services/context.ts";
import { copyFiles } from "./copy-files.ts";
import { importFiles } from "./import-files.ts";
import { removeFiles } from "./remove-files.ts";
import { takeSnapshot } from "./take-snapshot.ts";

/** How often snapshots that are under way are looked at, and how often others could have appeared unnoticed. */
const ACTIVE_MS = 500;
const IDLE_MS = 10_000;

export interface SnapshotKeeper {
	stop(): Promise<void>;
}

/**
 * Takes, copies and deletes snapshots, level by level as the reconciler keeps caches: each pass reads what is wanted and
 * what hosts and stores say, and does what is missing. So whatever dies, the next pass continues.
 */
export function startSnapshotKeeper(resources: Resources, logger: Logger): SnapshotKeeper {
	const ended = new AbortController();
	/** Snapshots that are being worked on: a store may take minutes. */
	const working = new Map<string, Promise<void>>();
	/** Of these, those that should be looked at again as soon as that is done. */
	const overtaken = new Set<string>();
	const work = (row: FullSnapshot) => {
		if (working.has(row.id)) return void overtaken.add(row.id);
		const done = advance(resources, row)
			.catch((err: unknown) => {
				if (!ended.signal.aborted)
					logger.error({ err, snapshot: row.name }, "a snapshot's step failed");
			})
			.finally(() => {
				working.delete(row.id);
				if (overtaken.delete(row.id)) resources.signals.notify("snapshots");
			});
		working.set(row.id, done);
	};
	const pass = async () => {
		const rows = await findUnfinished(resources);
		for (const row of rows) work(row);
		// What can't be deleted at once waits for a store that is away.
		return rows.some(({ status }) => status === "creating");
	};
	const run = async () => {
		while (!ended.signal.aborted) {
			const waiter = resources.signals.subscribe("snapshots");
			const isActive = await pass().catch((err: unknown) => {
				logger.error({ err }, "looking at snapshots failed");
				return true;
			});
			await waiter.wait(isActive ? ACTIVE_MS : IDLE_MS, ended.signal);
		}
	};
	const loop = run();
	return {
		async stop() {
			ended.abort();
			await loop;
			await Promise.all(working.values());
		},
	};
}

/** The snapshots that something is left to do for. */
function findUnfinished({ db }: Resources): Promise<FullSnapshot[]> {
	return db.snapshot.findMany({
		where: {
			OR: [
				{ status: { in: ["creating", "deleting"] } },
				// It failed, and its files aren't gone yet.
				{ status: "failed", shards: { some: {} } },
			],
		},
		include: FULL_SNAPSHOT,
		orderBy: { id: "asc" },
	});
}

/** One step of each snapshot that something is left to do for. */
export async function advanceSnapshots(resources: Resources): Promise<void> {
	for (const row of await findUnfinished(resources)) await advance(resources, row);
}

async function advance(resources: Resources, row: FullSnapshot): Promise<void> {
	if (row.status === "deleting" || row.status === "failed") {
		return await removeFiles(resources, row);
	}
	if (row.kind === "imported") return await importFiles(resources, row);
	if (row.copyOfId !== null) return await copyFiles(resources, row, row.copyOfId);
	await takeSnapshot(resources, row);
}
