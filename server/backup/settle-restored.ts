import { randomUUID } from "node:crypto";
import type { Transaction } from "../data/database.ts";
import type { Table } from "./describe-tables.ts";
import type { DumpHeader } from "./dump-lines.ts";

const COUNTERS_BEGIN = Date.UTC(2020, 0, 1);

/**
 * Makes of a database as it was one that a control plane can start on today. In SQL, because the tables are those of the
 * backup's version: columns that it hasn't got are left out.
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

	// Agents refuse who is older than what they know; and the backup is older than what they were told after it.
	await raise("ControlPlane", "epoch");
	await raise("ControlPlane", "routeRevision");
	// Agents carry out a generation once: each is to be given what the backup says, passwords and parameters included.
	await raise("Node", "generation");
	// Memcached's clients take no list of nodes that looks older than theirs.
	await raise("Cache", "discoveryVersion");
	// By a revision below its own an agent sees that this control plane may not know all that it runs, and leaves that
	// alone. From 0 it stays below for as long as can be, whatever is changed before a host is heard of.
	await set("Host", "revision", "0");
	await set("Node", "removedAtRevision", `"removedAtRevision" * 0`);
	// Drains and failures may have moved them since: server/fleet/locate-nodes.ts finds out.
	await set("Node", "unlocated", "true");

	// What hosts said then isn't known now. They show themselves within a second of the start.
	await set("Host", "online", "false");
	await set("Host", "lastSeenAt", `'${sqlTime(now)}'`);
	if (has("Node", "observation", "followsNodeId")) await forgetDoubtful(tx);

	// Done or given up long ago.
	await set("Shard", "failoverRequestedAt", "NULL");
	await set("Shard", "failoverToNodeId", "NULL");
	await set("Cache", "promotionRequestedAt", "NULL");
	await set("Node", "rebootPending", "false");

	await tell(tx, header, now);
}

/**
 * Higher than any counter that was ever given out: those rise by one at a time, slower than the seconds pass, and begin
 * at what the clock said when the last backup was restored.
 */
function counterOf(now: Date): number {
	return Math.floor((now.getTime() - COUNTERS_BEGIN) / 1_000);
}

/**
 * Of the observations those stay that say of a node what it is to be: it serves, and holds its data. That keeps others
 * from being started empty in its place until its host reports. Any other, such as that a primary had exited, could have
 * it replaced while it is well, so nothing of it stays but which process had been in sync.
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

async function tell(tx: Transaction, header: DumpHeader, now: Date): Promise<void> {
	const message = `The control plane was restored from a backup of ${header.createdAt}. What was created after that isn't known to it and is left as it is.`;
	await tx.$executeRaw`
		INSERT INTO "Event" ("id", "at", "severity", "type", "message")
		VALUES (${randomUUID()}, ${now}, 'warning', 'control-plane.restored', ${message})`;
	await tx.$executeRaw`
		INSERT INTO "AuditEntry" ("id", "at", "actor", "action", "target", "requestId", "details")
		VALUES (${randomUUID()}, ${now}, 'machine', 'control-plane.restore', 'control plane', ${randomUUID()},
			${JSON.stringify({ backupOf: header.createdAt, version: header.version })}::jsonb)`;
}

/** Columns hold UTC without saying so. */
function sqlTime(time: Date): string {
	return time.toISOString().replace("T", " ").replace("Z", "");
}
