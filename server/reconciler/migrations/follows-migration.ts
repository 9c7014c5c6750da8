import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import type { Clock } from "../../platform/clock.ts";

/** Hosts take in what the last phase means for their nodes within so long. */
const SETTLED_AFTER_MS = 30_000;

/**
 * Whether the cache is being modified only because a migration has entered another phase. The migration's own events say
 * what that means, so the end of such a change needs no other.
 */
export async function followsMigration(
	tx: Transaction,
	{ id, status }: Pick<FullCache, "id" | "status">,
	clock: Clock,
): Promise<boolean> {
	if (status !== "modifying") return false;
	const lately = new Date(clock.now().getTime() - SETTLED_AFTER_MS);
	const found = await tx.migration.findFirst({
		where: { cacheId: id, OR: [{ endedAt: null }, { endedAt: { gt: lately } }] },
		select: { id: true },
	});
	return found !== null;
}
