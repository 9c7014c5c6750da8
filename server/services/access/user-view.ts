import { roleSchema, type User, type UserStatus } from "../../contract/index.ts";
import type { UserRow } from "./find-user.ts";

export function toUserView(row: UserRow, now: Date): User {
	return {
		id: row.id,
		email: row.email,
		name: row.name,
		role: roleSchema.parse(row.role),
		status: statusOf(row, now),
		createdAt: row.createdAt.toISOString(),
		tokens: row._count.tokens,
		inviteExpiresAt: row.inviteExpiresAt?.toISOString() ?? null,
		resetExpiresAt:
			row.resetExpiresAt !== null && row.resetExpiresAt > now
				? row.resetExpiresAt.toISOString()
				: null,
	};
}

function statusOf({ disabledAt, inviteExpiresAt }: UserRow, now: Date): UserStatus {
	if (disabledAt !== null) return "disabled";
	if (inviteExpiresAt === null) return "active";
	return inviteExpiresAt > now ? "invited" : "expired";
}
