import { sampler, seededRandom, zipfProbabilities } from "../platform/zipf.ts";
import type { LabWorkload } from "../server/contract/lab.ts";

const KEY_SEED = 17;
const KIND_SEED = 4;

export interface Operation {
	readonly key: number;
	readonly isRead: boolean;
}

/** The operations of a workload, one after the other: the same ones for each strategy, and for the simulation. */
export function operationsOf(
	workload: Pick<LabWorkload, "keys" | "keySkew" | "readShare">,
): () => () => Operation {
	const probabilities = zipfProbabilities(workload.keys, workload.keySkew);
	return () => {
		const drawKey = sampler(probabilities, seededRandom(KEY_SEED));
		const drawKind = seededRandom(KIND_SEED);
		return () => ({ key: drawKey(), isRead: drawKind() < workload.readShare });
	};
}
