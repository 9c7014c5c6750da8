import { z } from "zod";
import type { Cache } from "../contract/cache-view.ts";
import { nextWindow } from "../contract/maintenance-window.ts";
import type { CacheModel, PendingWhen } from "../domain/cache/model.ts";
import { type CacheRow, Prisma, type Transaction } from "./database.ts";

const waitingSchema = z.object({
	/** The fields of the request, without the cache's name. */
	changes: z.record(z.string(), z.unknown()),
	requestedAt: z.string(),
	requestedBy: z.string(),
	/** Who made the request, for the audit log; absent for a part that only follows another change. */
	origin: z.object({ actor: z.string(), actorName: z.string(), requestId: z.string() }).optional(),
});
export type WaitingChange = z.infer<typeof waitingSchema>;

const pendingColumn = z
	.object({ next: waitingSchema.nullable(), window: waitingSchema.nullable() })
	.nullable();

/** What waits in a cache: for the end of the change that is under way, and for its maintenance window. */
export type PendingChanges = Record<PendingWhen, WaitingChange | null>;

export function readPending({ pendingChanges }: Pick<CacheRow, "pendingChanges">): PendingChanges {
	return pendingColumn.parse(pendingChanges) ?? { next: null, window: null };
}

export function pendingKinds(row: Pick<CacheRow, "pendingChanges">): PendingWhen[] {
	const pending = readPending(row);
	return (["next", "window"] as const).filter((when) => pending[when] !== null);
}

/** The caller must hold the cache's lock. A pass that has read the former value won't write over this one. */
export async function writePending(
	tx: Transaction,
	cacheId: string,
	pending: PendingChanges,
): Promise<void> {
	const isEmpty = pending.next === null && pending.window === null;
	const column = isEmpty ? Prisma.DbNull : (pending as Prisma.InputJsonObject);
	await tx.cache.update({
		where: { id: cacheId },
		data: { pendingChanges: column, generation: { increment: 1 } },
	});
}

/** As the API shows it. The problem is what blocked the newest attempt to start it. */
export function pendingView(
	row: Pick<CacheRow, "pendingChanges" | "maintenanceWindow">,
	{ blocks }: Pick<CacheModel, "blocks">,
	now: Date,
): Cache["pendingChanges"] {
	const { next, window } = readPending(row);
	if (next === null && window === null) return null;
	const found = blocks.find(({ step }) => step === "start-pending")?.reason ?? null;
	const startsAt = nextWindow(row.maintenanceWindow, now).startsAt.toISOString();
	// The window's changes are tried only once no other change follows.
	const waitsForWindow = next === null;
	return {
		next: next && { ...shown(next), startsAt: null, problem: found },
		window: window && { ...shown(window), startsAt, problem: waitsForWindow ? found : null },
	};
}

function shown({ changes, requestedAt, requestedBy }: WaitingChange) {
	return { changes, requestedAt, requestedBy };
}
