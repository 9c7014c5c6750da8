import { randomBytes } from "node:crypto";
import { AppError } from "../../contract/errors.ts";
import type { CreateLabRunInput, LabRun, LabTask } from "../../contract/lab.ts";
import { isUniqueViolation } from "../../data/database.ts";
import { findStayingCache, refuseDuringMigration } from "../caches/find-cache.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { endLabRun } from "./end-lab-run.ts";
import { labConnection } from "./lab-connection.ts";
import { toLabRun } from "./lab-row.ts";

/** Starts a run. `conflict` while another one runs, or while the cache isn't available. */
export async function createLabRun(
	resources: Resources,
	caller: Caller,
	input: CreateLabRunInput,
): Promise<LabRun> {
	const { lab, clock } = resources;
	const id = `lab-${randomBytes(5).toString("hex")}`;
	const { strategies, workload } = input;
	let isStarted = false;
	lab.claim(id);
	try {
		return await mutate(resources, caller, {
			...{ action: "lab-run.create", target: id, input },
			nameOf: (run) => run.id,
			async run(tx, after) {
				const cache = await findStayingCache(tx, input.cache);
				await refuseDuringMigration(tx, cache);
				const connection = labConnection(resources, cache);
				const row = await tx.labRun.create({
					data: {
						...{ id, cacheName: cache.name, engine: `${cache.engine} ${cache.engineVersion}` },
						...{ spec: { strategies, workload }, samples: [], results: [] },
						...{ requestedBy: caller.name, createdAt: clock.now() },
					},
				});
				const task: LabTask = {
					...{ kind: "run", runId: id, directory: lab.directoryOf(id) },
					...{ connection, strategies, workload },
				};
				after(() => {
					isStarted = true;
					void lab
						.perform(task, (outcome) => endLabRun(resources, id, outcome))
						.catch(() => undefined);
				});
				return toLabRun(row, null);
			},
		});
	} catch (error) {
		if (isUniqueViolation(error)) throw busy();
		throw error;
	} finally {
		if (!isStarted) lab.release(id);
	}
}

function busy(): AppError {
	return new AppError(
		"conflict",
		"Another run of the strategy lab is under way. Wait until it has ended, or stop it.",
	);
}
