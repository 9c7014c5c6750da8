import type { CostItem, UsageAmounts, UsageItem } from "./usage.ts";

const AMOUNTS: readonly (keyof UsageAmounts)[] = [
	...(["dataStorageGbHours", "ecpus", "nodeHours", "cost"] as const),
];

/** Columns of usage as CSV. */
export const USAGE_COLUMNS: readonly (keyof UsageItem)[] = ["at", ...AMOUNTS];

/** Columns of costs as CSV. */
export const COST_COLUMNS: readonly (keyof CostItem)[] = ["key", "engine", "deletedAt", ...AMOUNTS];
