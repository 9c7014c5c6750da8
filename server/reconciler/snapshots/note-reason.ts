import { writeInCharge } from "../../data/charge.ts";
import type { FullSnapshot } from "../../data/snapshot-view.ts";
import type { Resources } from "../../services/context.ts";

/** Says what holds a snapshot up, or how far it is; writes only what is new. */
export async function noteReason(
	resources: Resources,
	row: FullSnapshot,
	statusReason: string | null,
	percent: number = row.percent,
): Promise<void> {
	const isForward = percent > row.percent;
	if (row.statusReason === statusReason && !isForward) return;
	const progressAt = isForward ? { progressAt: resources.clock.now() } : {};
	await writeInCharge(resources, async (tx) => {
		await tx.snapshot.updateMany({
			where: { id: row.id, status: row.status },
			data: { statusReason, percent: Math.max(percent, row.percent), ...progressAt },
		});
	});
}
