import { z } from "zod";
import { AppError } from "../../contract/errors.ts";
import {
	type LabRun,
	type LabRunSummary,
	labResultSchema,
	labRunSchema,
	labSampleSchema,
	labStatusSchema,
} from "../../contract/lab.ts";
import type { Prisma, Transaction } from "../../data/database.ts";

export type LabRunRow = Prisma.LabRunGetPayload<object>;
/** Lists don't need the samples. */
type SummaryRow = Omit<LabRunRow, "samples">;

export const labSpecColumn = labRunSchema.pick({ strategies: true, workload: true });
const samplesColumn = z.array(labSampleSchema);
const resultsColumn = z.array(labResultSchema);

export function toLabSummary(row: SummaryRow): LabRunSummary {
	return {
		id: row.id,
		status: labStatusSchema.parse(row.status),
		statusReason: row.reason,
		cache: row.cacheName,
		engine: row.engine,
		...labSpecColumn.parse(row.spec),
		requestedBy: row.requestedBy,
		createdAt: row.createdAt.toISOString(),
		endedAt: row.endedAt?.toISOString() ?? null,
		results: resultsColumn.parse(row.results),
	};
}

/** `live`: what a run that hasn't ended has measured so far. */
export function toLabRun(row: LabRunRow, live: LabRun["samples"] | null): LabRun {
	return { ...toLabSummary(row), samples: live ?? samplesColumn.parse(row.samples) };
}

export async function findLabRun(tx: Transaction, id: string): Promise<LabRunRow> {
	const row = await tx.labRun.findUnique({ where: { id } });
	if (row !== null) return row;
	throw new AppError("not_found", `Lab run ${id} not found. List the runs to see what exists.`, {
		field: "id",
	});
}
