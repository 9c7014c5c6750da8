import type { Resources } from "../context.ts";
import type { LabOutcome } from "./lab-desk.ts";

/** Stores how a run ended. If that fails, keep-lab.ts finds a run that no process works on. */
export async function endLabRun(
	{ db, clock }: Resources,
	id: string,
	outcome: LabOutcome,
): Promise<void> {
	const { results, failure, isClean, stopReason, samples } = outcome;
	const status = failure !== null ? "failed" : stopReason !== null ? "stopped" : "completed";
	await db.labRun.updateMany({
		where: { id, status: "running" },
		data: {
			...{ status, reason: failure ?? stopReason, endedAt: clock.now() },
			...{ results, samples: [...samples], hasLeftovers: !isClean },
		},
	});
}
