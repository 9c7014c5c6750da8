import { randomUUID } from "node:crypto";
import type { Transaction } from "../data/database.ts";
import type { Table } from "./describe-tables.ts";
import type { DumpHeader } from "./dump-lines.ts";

const COUNTERS_BEGIN = Date.UTC(2020, 0, 1);

/**
 * Turns a restored database into one that a control plane can start with now. It uses SQL because the tables
 * have the schema of the backup's version: columns that don't exist there are skipped.
 */
export async function settleRestored(
	tx: Transaction,
	tables: readonly Table[],
	{ header, now }: { header: DumpHeader; now: Date },
): Promise<void> {
	const has = (table: string, ...columns: string[]) => {
		const found = tables.find((candidate) => candidate.name === table);
		return columns.every((name) => found?.columns.some((column) => column.name === name));
	};
	const set = async (table: string, column: string, expression: string) => {
		if (!has(table, column)) return;
		await tx.$executeRawUnsafe(`UPDATE "${table}" SET "${column}" = ${expression}`);
	};
	const raise = (table: string, column: string) =>
		set(table, column, `GREATEST("${column}" + 1, ${counterOf(now)})`);

	// Agents refuse epochs older than what they know, and the backup is older than what they learned after it.
	await raise("ControlPlane", "epoch");
	await raise("ControlPlane", "routeRevision");
	// Agents apply a generation once: each must get what the backup says, passwords and parameters included.
	await raise("Node", "generation");
	// Memcached's clients accept no list of nodes that looks older than theirs.
	await raise("Cache", "discoveryVersion");
	// A revision below its own tells an agent that this control plane may not know everything that the agent runs, so
	// the agent leaves unknown instances alone. Starting from 0 keeps it below the agent's for as long as possible,
	// whatever changes before a host reports.
	await set("Host", "revision", "0");
	await set("Node", "removedAtRevision", `"removedAtRevision" * 0`);
	await set("AbandonedNode", "removedAtRevision", "0");
	// Drains and failures may have moved them since: server/fleet/locate-nodes.ts finds them.
	await set("Node", "unlocated", "true");

	// What hosts reported before the backup may no longer be true. They report within a second of the start.
	await set("Host", "online", "false");
	await set("Host", "lastSeenAt", `'${sqlTime(now)}'`);
	if (has("Node", "observation", "followsNodeId")) await forgetDoubtful(tx);

	// Done or given up long ago.
	await set("Shard", "failoverRequestedAt", "NULL");
	await set("Shard", "failoverToNodeId", "NULL");
	await set("Shard", "failoverCause", "NULL");
	await set("Cache", "blocks", "'[]'");
	await set("Cache", "promotionRequestedAt", "NULL");
	await set("Node", "rebootPending", "false");

	await recordRestore(tx, header, now);
}

/**
 * Higher than any counter that was ever given out: counters rise by one at a time, more slowly than seconds pass,
 * and start at the time of the last restore.
 */
function counterOf(now: Date): number {
	return Math.floor((now.getTime() - COUNTERS_BEGIN) / 1_000);
}

/**
 * Keeps only observations of nodes that serve as they should and hold their data, so that no other node
 * starts empty in their place until their host reports. Any other observation, such as that a primary had
 * exited, could cause the replacement of a healthy node, so of those only the process, and whether it had synced,
 * are kept.
 */
async function forgetDoubtful(tx: Transaction): Promise<void> {
	await tx.$executeRawUnsafe(`
		UPDATE "Node" SET "observation" = "observation" ||
			'{"phase": "starting", "engineState": null, "reason": null, "silentSince": null}'
		WHERE "observation" IS NOT NULL AND NOT COALESCE(
			"observation" ->> 'phase' = 'running' AND "observation" #>> '{engineState,role}' IN (
				'node', CASE WHEN "followsNodeId" IS NULL THEN 'primary' ELSE 'replica' END
			), false)`);
}

async function recordRestore(tx: Transaction, header: DumpHeader, now: Date): Promise<void> {
	const message = `The control plane was restored from a backup of ${header.createdAt}. Larder doesn't know what was created after that and leaves it alone.`;
	await tx.$executeRaw`
		INSERT INTO "Event" ("id", "at", "severity", "type", "message")
		VALUES (${randomUUID()}, ${now}, 'warning', 'control-plane.restored', ${message})`;
	await tx.$executeRaw`
		INSERT INTO "AuditEntry" ("id", "at", "actor", "action", "target", "requestId", "details")
		VALUES (${randomUUID()}, ${now}, 'machine', 'control-plane.restore', 'control plane', ${randomUUID()},
			${JSON.stringify({ backupOf: header.createdAt, version: header.version })}::jsonb)`;
}

/** Columns store UTC without a time zone. */
function sqlTime(time: Date): string {
	return time.toISOString().replace("T", " ").replace("Z", "");
}
