import { rm } from "node:fs/promises";
import { FULL_CACHE } from "../../data/cache-mapping.ts";
import type { Resources } from "../context.ts";
import { labConnection } from "./lab-connection.ts";
import { type LabRunRow, labSpecColumn } from "./lab-row.ts";

const INTERRUPTED =
	"The control plane or the lab's process ended during the run. Start the run again.";
/** Runs that are kept; older ones are dropped. */
const RUNS_KEPT = 200;

/**
 * Ends runs that no process works on, such as those of a control plane that was killed, and removes what they left. Runs
 * again and again.
 */
export async function keepLab(resources: Resources): Promise<void> {
	const { db, lab, clock } = resources;
	if (lab.isClosed) return;
	const running = await db.labRun.findMany({ where: { status: "running" } });
	for (const { id } of running.filter((row) => !lab.knows(row.id))) {
		await db.labRun.updateMany({
			where: { id, status: "running" },
			data: { status: "failed", reason: INTERRUPTED, endedAt: clock.now() },
		});
	}
	const left = await db.labRun.findMany({
		where: { hasLeftovers: true, status: { not: "running" } },
	});
	for (const row of left) if (!lab.knows(row.id)) await cleanUp(resources, row);
	await dropOldest(resources);
}

async function cleanUp(resources: Resources, row: LabRunRow): Promise<void> {
	const { db, lab } = resources;
	const { id } = row;
	const directory = lab.directoryOf(id);
	await rm(directory, { recursive: true, force: true });
	const done = () => db.labRun.updateMany({ where: { id }, data: { hasLeftovers: false } });
	const cache = await db.cache.findUnique({ where: { name: row.cacheName }, include: FULL_CACHE });
	if (cache === null || hasExpired(resources, row)) {
		await done();
		return;
	}
	// Until then, or until the keys have expired, the next pass tries again.
	if (cache.status !== "available" || cache.deletingAt !== null) return;
	const spec = labSpecColumn.parse(row.spec);
	const connection = labConnection(resources, cache);
	await lab.perform(
		{ ...spec, kind: "clean", runId: id, directory, connection },
		async ({ isClean }) => {
			if (isClean) await done();
		},
	);
}

/** No key of a run outlives twice its TTL, and a tenth for the TTLs' jitter. */
function hasExpired({ clock }: Resources, { endedAt, spec }: LabRunRow): boolean {
	const { ttlSeconds } = labSpecColumn.parse(spec).workload;
	const livesMs = ttlSeconds * 1_000 * 2.2 + 60_000;
	return endedAt !== null && clock.now().getTime() - endedAt.getTime() > livesMs;
}

async function dropOldest({ db }: Resources): Promise<void> {
	const beyond = await db.labRun.findMany({
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		skip: RUNS_KEPT,
		select: { id: true },
	});
	if (beyond.length === 0) return;
	const ids = beyond.map(({ id }) => id);
	await db.labRun.deleteMany({ where: { id: { in: ids }, hasLeftovers: false } });
}
