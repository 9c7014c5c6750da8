import type { z } from "zod";
import { AppError } from "../../contract/errors.ts";
import type { LabRun, LabRunSummary, listLabRunsInputSchema } from "../../contract/lab.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findLabRun, toLabRun, toLabSummary } from "./lab-row.ts";

export async function getLabRun({ db, lab }: Resources, { id }: { id: string }): Promise<LabRun> {
	const row = await findLabRun(db, id);
	return toLabRun(row, row.status === "running" ? lab.samplesOf(id) : null);
}

/** Newest first. */
export async function listLabRuns(
	{ db }: Resources,
	input: z.output<typeof listLabRunsInputSchema>,
): Promise<{ items: LabRunSummary[]; nextCursor: string | null }> {
	const rows = await db.labRun.findMany({
		where: olderThan("createdAt", input.cursor),
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		take: input.limit + 1,
		omit: { samples: true },
	});
	const page = toPage(rows, input.limit, ({ createdAt, id }) => ({ at: createdAt, id }));
	return { items: page.rows.map(toLabSummary), nextCursor: page.nextCursor };
}

/** Ends a run early; what it has measured is its result. Returns when it has cleaned up. `conflict` if it has ended. */
export async function stopLabRun(
	resources: Resources,
	caller: Caller,
	{ id }: { id: string },
): Promise<LabRun> {
	await recordStop(resources, caller, id);
	await resources.lab.stop(id, `Stopped by ${caller.name}.`);
	return await getLabRun(resources, { id });
}

/** Stops the run if it is under way, and deletes its report. */
export async function deleteLabRun(
	resources: Resources,
	caller: Caller,
	{ id }: { id: string },
): Promise<{ id: string }> {
	const row = await resources.db.labRun.findUnique({ where: { id }, select: { status: true } });
	if (row?.status === "running") {
		// Deleting can fail later, and the audit log must say who stopped the run in any case.
		await recordStop(resources, { ...caller, idempotencyKey: null }, id).catch(unlessEnded);
		await resources.lab.stop(id, `Deleted by ${caller.name}.`);
	}
	return await mutate(resources, caller, {
		...{ action: "lab-run.delete", target: id, input: { id } },
		async run(tx) {
			const { hasLeftovers } = await findLabRun(tx, id);
			if (hasLeftovers) {
				throw new AppError(
					"conflict",
					`Keys of lab run ${id} may be left in the cache. Larder removes them within a minute of the cache being available. Delete the run after that.`,
					{ field: "id" },
				);
			}
			await tx.labRun.delete({ where: { id } });
			return { id };
		},
	});
}

/** Writes the audit record of a stop. `conflict` if the run has ended. */
async function recordStop(resources: Resources, caller: Caller, id: string): Promise<void> {
	await mutate(resources, caller, {
		...{ action: "lab-run.stop", target: id, input: { id } },
		async run(tx) {
			const { status } = await findLabRun(tx, id);
			if (status === "running") return { id };
			throw new AppError("conflict", `Lab run ${id} isn't running: it is ${status}.`, {
				field: "id",
			});
		},
	});
}

function unlessEnded(error: unknown): void {
	if (!(error instanceof AppError && error.code === "conflict")) throw error;
}
