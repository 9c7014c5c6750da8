import {
	changeLimits,
	type Limits,
	limitsProblem,
} from "../../../../../server/contract/serverless.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { type LimitField, type LimitsDraft, limitChanges } from "../../limits-draft.ts";
import { formatEcpu, formatGb, storageBytes } from "../../serverless-words.ts";
import type { Difference } from "../modify/modification.ts";
import type { ServerlessCache } from "./serverless-cache.ts";

type Measured = Pick<ServerlessCache, "limits" | "usage">;

interface Row {
	field: string;
	before: number | null;
	after: number | null;
	format: (value: number) => string;
	effect: string;
}

/** What the typed limits change, in words. */
export function limitDifferences(cache: Measured, draft: LimitsDraft): Difference[] {
	const change = limitChanges(cache.limits, draft) ?? {};
	const after = changeLimits(cache.limits, change);
	const { dataStorageGb: storage, ecpuPerSecond: ecpu } = cache.limits;
	const rows: Row[] = [
		{
			field: "Minimum data storage",
			...{ before: storage.min, after: after.dataStorageGb.min, format: formatGb },
			effect: minimumEffect(storage.min, after.dataStorageGb.min),
		},
		{
			field: "Maximum data storage",
			...{ before: storage.max, after: after.dataStorageGb.max, format: formatGb },
			effect: "at once; nothing restarts",
		},
		{
			field: "Minimum ECPU per second",
			...{ before: ecpu.min, after: after.ecpuPerSecond.min, format: formatEcpu },
			effect: minimumEffect(ecpu.min, after.ecpuPerSecond.min),
		},
		{
			field: "Maximum ECPU per second",
			...{ before: ecpu.max, after: after.ecpuPerSecond.max, format: formatEcpu },
			effect: ecpuMaximumEffect(cache, after),
		},
	];
	const words = (value: number | null, format: Row["format"]) =>
		value === null ? "none" : format(value);
	return rows
		.filter(({ before, after: to }) => before !== to && !Number.isNaN(to))
		.map(({ field, before, after: to, format, effect }) => ({
			...{ field, from: words(before, format), to: words(to, format), effect },
		}));
}

function minimumEffect(before: number | null, after: number | null): string {
	return (after ?? 0) > (before ?? 0)
		? "within seconds: Larder makes room for it ahead of any load"
		: "at once; what stays unused is given back after a while";
}

function ecpuMaximumEffect({ usage }: Measured, { ecpuPerSecond }: Limits): string {
	const used = usage.ecpuPerSecond;
	if (ecpuPerSecond.max === null || used === null || used <= ecpuPerSecond.max) {
		return "at once; nothing restarts";
	}
	return `at once. It uses ${formatEcpu(used)} now, so clients will wait`;
}

/** What the API would refuse of limits that are in range, by the field that shows it. */
export function limitConflict(
	{ limits, usage }: Measured,
	draft: LimitsDraft,
): { field: LimitField; message: string } | null {
	const change = limitChanges(limits, draft) ?? {};
	const crossed = limitsProblem(changeLimits(limits, change));
	if (crossed !== null) {
		const field = crossed.field === "limits.dataStorageGb" ? "storageMax" : "ecpuMax";
		return { field, message: crossed.message };
	}
	const max = change.dataStorageGb?.max ?? 0;
	const used = usage.dataStorageBytes ?? 0;
	if (max === 0 || used <= storageBytes(max)) return null;
	return {
		field: "storageMax",
		message: `It holds ${formatBytes(used)} now. Choose a higher maximum, or delete data first.`,
	};
}
