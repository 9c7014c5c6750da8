import type { Limits, LimitsInput } from "../../../server/contract/serverless.ts";

/** Limits of a serverless cache as typed; "" for none. */
export interface LimitsDraft {
	storageMin: string;
	storageMax: string;
	ecpuMin: string;
	ecpuMax: string;
}

export type LimitField = keyof LimitsDraft;

export const NO_LIMITS_DRAFT: LimitsDraft = {
	storageMin: "",
	storageMax: "",
	ecpuMin: "",
	ecpuMax: "",
};

/** The form's fields by the API's. A minimum above its maximum is reported at the maximum. */
export const LIMIT_FIELDS: Readonly<Record<string, LimitField>> = {
	"limits.dataStorageGb": "storageMax",
	"limits.dataStorageGb.min": "storageMin",
	"limits.dataStorageGb.max": "storageMax",
	"limits.ecpuPerSecond": "ecpuMax",
	"limits.ecpuPerSecond.min": "ecpuMin",
	"limits.ecpuPerSecond.max": "ecpuMax",
};

export function toLimitsDraft({ dataStorageGb, ecpuPerSecond }: Limits): LimitsDraft {
	const text = (value: number | null) => (value === null ? "" : String(value));
	return {
		storageMin: text(dataStorageGb.min),
		storageMax: text(dataStorageGb.max),
		ecpuMin: text(ecpuPerSecond.min),
		ecpuMax: text(ecpuPerSecond.max),
	};
}

/** NaN for what isn't a whole number, which the API refuses; people may group digits: 15,000,000. */
export function numberOf(text: string): number {
	const digits = text.replaceAll(/[\s,]/g, "");
	return digits === "" ? 0 : /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
}

/** The limits that differ from the present ones; 0 removes one. Undefined if none differs. */
export function limitChanges(present: Limits, draft: LimitsDraft): LimitsInput | undefined {
	const bounds = (before: Limits["dataStorageGb"], min: string, max: string) => {
		const wanted = { min: numberOf(min), max: numberOf(max) };
		const changed = {
			...(wanted.min === (before.min ?? 0) ? {} : { min: wanted.min }),
			...(wanted.max === (before.max ?? 0) ? {} : { max: wanted.max }),
		};
		return Object.keys(changed).length === 0 ? undefined : changed;
	};
	const dataStorageGb = bounds(present.dataStorageGb, draft.storageMin, draft.storageMax);
	const ecpuPerSecond = bounds(present.ecpuPerSecond, draft.ecpuMin, draft.ecpuMax);
	if (dataStorageGb === undefined && ecpuPerSecond === undefined) return undefined;
	return {
		...(dataStorageGb === undefined ? {} : { dataStorageGb }),
		...(ecpuPerSecond === undefined ? {} : { ecpuPerSecond }),
	};
}
