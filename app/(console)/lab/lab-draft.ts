import {
	createLabRunInputSchema,
	type LabStrategy,
	labWorkloadSchema,
} from "../../../server/contract/lab.ts";
import type { Preset } from "./lab-words.ts";

export const WORKLOAD_FIELDS = [
	"readShare",
	"keys",
	"keySkew",
	"itemBytes",
	"ttlSeconds",
	"databaseLatencyMs",
	"clients",
	"operationsPerSecond",
	"durationSeconds",
] as const;
export type WorkloadField = (typeof WORKLOAD_FIELDS)[number];

/** What is typed. */
export interface LabDraft {
	cache: string;
	strategies: readonly LabStrategy[];
	workload: Readonly<Record<WorkloadField, string>>;
}

export function draftOf(preset: Preset, cache: string): LabDraft {
	const values = labWorkloadSchema.parse(preset.workload);
	const text = (field: WorkloadField) => {
		const value = values[field];
		if (field === "readShare") return String(Math.round(Number(value) * 100));
		return value === null ? "" : String(value);
	};
	return {
		...{ cache, strategies: preset.strategies },
		workload: Object.fromEntries(
			WORKLOAD_FIELDS.map((field) => [field, text(field)]),
		) as LabDraft["workload"],
	};
}

/** The request that the form stands for; reads are a percentage in the form, and a share in the request. */
export function parseDraft({ cache, strategies, workload }: LabDraft) {
	const number = (text: string) => (text.trim() === "" ? Number.NaN : Number(text));
	const values = Object.fromEntries(
		WORKLOAD_FIELDS.map((field) => {
			const text = workload[field];
			if (field === "readShare") return [field, number(text) / 100];
			if (field === "operationsPerSecond" && text.trim() === "") return [field, null];
			return [field, number(text)];
		}),
	);
	return createLabRunInputSchema.safeParse({ cache, strategies, workload: values });
}
