import { usageCountersSchema } from "../contract/usage-reading.ts";
import type { MeteredProcess } from "../domain/metering/usage-between.ts";
import type { Transaction } from "./database.ts";

/** Processes by node and identity. */
export class MeteredProcesses {
	readonly #held: Map<string, MeteredProcess>;
	readonly #changed = new Map<string, { nodeId: string; process: string }>();

	private constructor(held: Map<string, MeteredProcess>) {
		this.#held = held;
	}

	static async of(tx: Transaction, nodeIds: readonly string[]): Promise<MeteredProcesses> {
		const rows = await tx.meteredProcess.findMany({ where: { nodeId: { in: [...nodeIds] } } });
		return new MeteredProcesses(
			new Map(
				rows.map(({ nodeId, process, counters, ...row }) => [
					keyOf(nodeId, process),
					{ ...row, counters: usageCountersSchema.parse(counters) },
				]),
			),
		);
	}

	/** What the process of that cache that was read last moves in a second while no client asks, by cache. */
	static async ownBytesOf(
		tx: Transaction,
		cacheIds: readonly string[],
	): Promise<ReadonlyMap<string, number>> {
		if (cacheIds.length === 0) return new Map();
		const rows = await tx.$queryRaw<{ cacheId: string; own: number }[]>`
			SELECT DISTINCT ON (n."cacheId") n."cacheId", p."ownBytesPerSecond" AS "own"
			FROM "MeteredProcess" p JOIN "Node" n ON n."id" = p."nodeId"
			WHERE n."cacheId" = ANY (${[...cacheIds]}::text[]) AND p."ownBytesPerSecond" IS NOT NULL
			ORDER BY n."cacheId", p."at" DESC`;
		return new Map(rows.map(({ cacheId, own }) => [cacheId, own]));
	}

	get(nodeId: string, process: string): MeteredProcess | null {
		return this.#held.get(keyOf(nodeId, process)) ?? null;
	}

	set(nodeId: string, process: string, metered: MeteredProcess): void {
		const key = keyOf(nodeId, process);
		this.#held.set(key, metered);
		this.#changed.set(key, { nodeId, process });
	}

	async save(tx: Transaction): Promise<void> {
		const rows = [...this.#changed].flatMap(([key, id]) => {
			const held = this.#held.get(key);
			return held === undefined ? [] : [{ ...id, ...held }];
		});
		if (rows.length === 0) return;
		await tx.$executeRaw`
			INSERT INTO "MeteredProcess" ("nodeId", "process", "at", "counters", "ownBytesPerSecond")
			SELECT "nodeId", "process", "at", "counters"::jsonb, "own"
			FROM unnest(${rows.map(({ nodeId }) => nodeId)}::text[],
					${rows.map(({ process }) => process)}::text[],
					${rows.map(({ at }) => at)}::timestamp[],
					${rows.map(({ counters }) => JSON.stringify(counters))}::text[],
					${rows.map(({ ownBytesPerSecond }) => ownBytesPerSecond)}::float8[])
				AS t("nodeId", "process", "at", "counters", "own")
			ON CONFLICT ("nodeId", "process") DO UPDATE SET
				"at" = excluded."at", "counters" = excluded."counters",
				"ownBytesPerSecond" = excluded."ownBytesPerSecond"`;
	}
}

function keyOf(nodeId: string, process: string): string {
	return `${nodeId} ${process}`;
}
