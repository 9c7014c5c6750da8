import type { Session } from "../contract/account.ts";
import { AppError } from "../contract/errors.ts";
import type { Caller, Resources } from "../services/context.ts";
import { mutate } from "../services/mutation.ts";
import { describeBrowser } from "./describe-browser.ts";

/** The caller's sessions, newest first, including the current one. Only a person has sessions. */
export async function listSessions({ db, clock }: Resources, caller: Caller): Promise<Session[]> {
	const own = requireSession(caller);
	const rows = await db.session.findMany({
		where: { userId: own.userId, expiresAt: { gt: clock.now() } },
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
	});
	return rows.map((row) => ({
		id: row.id,
		address: row.ipAddress || null,
		browser: describeBrowser(row.userAgent ?? ""),
		createdAt: row.createdAt.toISOString(),
		expiresAt: row.expiresAt.toISOString(),
		isCurrent: row.id === own.id,
	}));
}

/** Ends all of the caller's other sessions, or the one with this id. The current one ends by signing out. */
export async function endSessions(
	resources: Resources,
	caller: Caller,
	input: { id?: string },
): Promise<{ endedSessions: number }> {
	const own = requireSession(caller);
	if (input.id === own.id) {
		throw new AppError("conflict", "This is the session that you are using. Sign out instead.", {
			field: "id",
		});
	}
	return mutate(resources, caller, {
		action: input.id === undefined ? "account.end-other-sessions" : "account.end-session",
		target: caller.email ?? caller.name,
		input,
		run: async (tx) => {
			const { count } = await tx.session.deleteMany({
				where: { userId: own.userId, id: input.id ?? { not: own.id } },
			});
			if (count === 0 && input.id !== undefined) {
				throw new AppError("not_found", "You have no such session. It may have ended already.", {
					field: "id",
				});
			}
			return { endedSessions: count };
		},
	});
}

function requireSession({ session }: Caller): { id: string; userId: string } {
	if (session !== null) return session;
	throw new AppError("forbidden", "Only a person who is signed in to the console has sessions.");
}
