import { PERSISTENCE_DISK_SHARE } from "../../contract/choices.ts";
import type { ModifyCacheInput } from "../../contract/index.ts";
import { persistenceRefusal, persistenceSchema } from "../../contract/persistence.ts";
import { formatGib } from "../../contract/units.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { bumpHosts, wakeHosts } from "../bump-hosts.ts";
import type { Resources } from "../context.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { throwFirst } from "./change-problem.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";

/**
 * Turns writing to disk on or off in running engines. The caller must hold the locks of the cache and its hosts. Throws
 * `invalid_argument` for a cache that can't be persistent. Returns what has changed, in words.
 */
export async function changePersistence(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	{ persistence }: ModifyCacheInput,
	after: (commit: () => void) => void,
): Promise<string[]> {
	if (persistence === undefined) return [];
	throwFirst(persistenceProblems(row, persistence));
	if (persistence === row.persistence) return [];
	const nodes = allNodeRows(row);
	const hosts = await bumpHosts(
		tx,
		nodes.map(({ hostId }) => hostId),
	);
	await tx.cache.update({ where: { id: row.id }, data: { persistence } });
	await tx.node.updateMany({
		where: { id: { in: nodes.map(({ id }) => id) } },
		data: { generation: { increment: 1 } },
	});
	after(() => wakeHosts(resources, hosts.keys()));
	return ["persistence"];
}

/** What the change means for the hosts' disks. */
export function previewPersistence(row: FullCache, { persistence }: ModifyCacheInput): PartPreview {
	if (persistence === undefined || persistence === row.persistence) return emptyPreview();
	const problems = persistenceProblems(row, persistence);
	if (problems.length > 0) return { ...emptyPreview(), problems };
	if (persistence === "none") {
		return { ...emptyPreview(), steps: ["Stop writing changes to disk, and delete the files."] };
	}
	if (persistenceSchema.parse(row.persistence) !== "none") {
		return { ...emptyPreview(), steps: [`Make sure ${paceOf(persistence)}.`] };
	}
	const nodes = allNodeRows(row);
	const dataBytes = Math.max(0, ...nodes.map(({ maxmemoryBytes }) => Number(maxmemoryBytes)));
	const step = `Write all changes of ${nodes.length === 1 ? "its node" : `its ${nodes.length} nodes`} to disk, and make sure ${paceOf(persistence)}. A node that is full of data needs up to ${formatGib(PERSISTENCE_DISK_SHARE * dataBytes)} of its host's disk.`;
	return { ...emptyPreview(), steps: [step] };
}

function paceOf(persistence: "aof-everysec" | "aof-always"): string {
	return persistence === "aof-always"
		? "before each answer that they are there"
		: "every second that they are there";
}

function persistenceProblems(
	{ kind, engine }: FullCache,
	persistence: ModifyCacheInput["persistence"],
): ChangeProblem[] {
	const message = persistenceRefusal(persistence, { kind, engine });
	return message === null ? [] : [{ code: "invalid_argument", field: "persistence", message }];
}
