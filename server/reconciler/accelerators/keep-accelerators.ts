import type { Logger } from "../../../platform/logger.ts";
import { FULL_ACCELERATOR } from "../../data/accelerator-rows.ts";
import type { Resources } from "../../services/context.ts";
import { forEach, type Keeper, keepLooking } from "../keep-looking.ts";
import { changeAccelerator } from "./change-accelerator.ts";
import { noteStatus } from "./note-status.ts";

/** How often accelerators are looked at, and how often others could have appeared unnoticed. */
const ACTIVE_MS = 1_000;
const IDLE_MS = 10_000;

/**
 * Keeps accelerators as they should be, as the reconciler keeps caches: each pass compares what is wanted with hosts,
 * caches and reports as they are, and does what is missing.
 */
export function startAcceleratorKeeper(resources: Resources, logger: Logger): Keeper {
	return keepLooking(resources, logger, {
		...{ topic: "accelerators", retryMs: ACTIVE_MS, look: lookAtAccelerators },
	});
}

/** One step of each accelerator. Returns after how many milliseconds to look again. */
export async function lookAtAccelerators(resources: Resources): Promise<number> {
	const rows = await resources.db.accelerator.findMany(FULL_ACCELERATOR);
	await forEach(rows, async (row) => {
		await changeAccelerator(resources, row);
		await noteStatus(resources, row.id);
	});
	return rows.length === 0 ? IDLE_MS : ACTIVE_MS;
}
