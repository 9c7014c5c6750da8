import type { z } from "zod";
import {
	type AuditEntry,
	auditActorKindSchema,
	auditOutcomeSchema,
	type listAuditInputSchema,
} from "../../contract/index.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import type { Resources } from "../context.ts";

/** Newest first. */
export async function listAudit(
	{ db }: Resources,
	input: z.output<typeof listAuditInputSchema>,
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
	const filters: Prisma.AuditEntryWhereInput[] = [olderThan("at", input.cursor)];
	if (input.since !== undefined) filters.push({ at: { gte: new Date(input.since) } });
	if (input.outcome !== undefined) filters.push({ outcome: input.outcome });
	if (input.action !== undefined) {
		filters.push({
			OR: [{ action: input.action }, { action: { startsWith: `${input.action}.` } }],
		});
	}
	if (input.actor !== undefined) {
		filters.push({
			OR: [
				{ actor: input.actor },
				{ actorName: { contains: likeText(input.actor), mode: "insensitive" } },
			],
		});
	}
	const rows = await db.auditEntry.findMany({
		where: { AND: filters },
		orderBy: [{ at: "desc" }, { id: "desc" }],
		take: input.limit + 1,
	});
	const page = toPage(rows, input.limit, (row) => row);
	return { items: page.rows.map(toAuditView), nextCursor: page.nextCursor };
}

/** Escapes % and _, which are wildcards in LIKE. Prisma doesn't escape them. */
function likeText(text: string): string {
	return text.replace(/[\\%_]/g, "\\$&");
}

function toAuditView(row: Prisma.AuditEntryGetPayload<object>): AuditEntry {
	const [kind, id] = row.actor.split(":", 2);
	return {
		id: row.id,
		at: row.at.toISOString(),
		actor: {
			kind: auditActorKindSchema.parse(kind),
			id: id ?? null,
			// Entries from earlier versions have none.
			name: row.actorName || (kind === "machine" ? "this machine" : row.actor),
		},
		address: row.address,
		action: row.action,
		target: row.target,
		outcome: auditOutcomeSchema.parse(row.outcome),
		requestId: row.requestId,
	};
}
