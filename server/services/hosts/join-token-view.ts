import type { JoinToken } from "../../contract/host.ts";
import type { Prisma } from "../../data/database.ts";

type Row = Prisma.JoinTokenGetPayload<object>;

/** Only an active token admits hosts. */
export function statusOfJoinToken(row: Row, now: Date): JoinToken["status"] {
	if (row.revokedAt !== null) return "revoked";
	if (row.uses >= row.maxUses) return "used";
	return row.expiresAt <= now ? "expired" : "active";
}

/** `hosts` are the names of those that it has admitted. */
export function toJoinTokenView(row: Row, hosts: string[], now: Date): JoinToken {
	return {
		id: row.id,
		prefix: row.prefix,
		status: statusOfJoinToken(row, now),
		uses: row.uses,
		maxUses: row.maxUses,
		hosts,
		createdAt: row.createdAt.toISOString(),
		createdBy: row.createdBy,
		expiresAt: row.expiresAt.toISOString(),
		revokedAt: row.revokedAt?.toISOString() ?? null,
	};
}
