import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import type { z } from "zod";
import { AppError, type createAdministratorInputSchema } from "../contract/index.ts";
import { ADVISORY_LOCK } from "../data/advisory-locks.ts";
import type { Database } from "../data/database.ts";
import { type RequestOrigin, writeAudit } from "../data/write-audit.ts";
import { equalHex, readOrReplaceSecret, sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import { addPassword } from "./add-password.ts";
import type { Sessions } from "./sessions.ts";

export interface SetUp {
	isRequired(): Promise<boolean>;
	/** The one-time link's token; null once an administrator exists. */
	token(): Promise<string | null>;
	createAdministrator(
		input: z.output<typeof createAdministratorInputSchema>,
		from: RequestOrigin,
	): Promise<void>;
}

/**
 * Creates the first administrator, once: for the person with the token that only this machine's user can
 * read.
 */
export function createSetUp(resources: Resources, sessions: Sessions, tokenFile: string): SetUp {
	const { db, clock } = resources;
	const isRequired = async (client: Pick<Database, "user"> = db) =>
		(await client.user.count()) === 0;
	return {
		isRequired: () => isRequired(),
		async token() {
			return (await isRequired()) ? readOrReplaceSecret(tokenFile) : null;
		},
		async createAdministrator(input, { requestId, address }) {
			if (!(await isRequired())) throw alreadySetUp();
			const expected = sha256Hex(readOrReplaceSecret(tokenFile));
			if (!equalHex(sha256Hex(input.setupToken), expected)) {
				throw new AppError(
					"unauthenticated",
					"This setup link isn't valid. Open the one that npm start printed last.",
					{ field: "setupToken" },
				);
			}
			const context = await sessions.$context;
			const password = await context.password.hash(input.password);
			await db.$transaction(async (tx) => {
				await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK.setUp}::bigint)::text`;
				if (!(await isRequired(tx))) throw alreadySetUp();
				const id = randomUUID();
				await tx.user.create({
					data: {
						...{ id, name: input.name, email: input.email, emailVerified: true },
						createdAt: clock.now(),
					},
				});
				await addPassword(tx, id, password);
				await writeAudit(
					tx,
					clock,
					{ actor: `user:${id}`, actorName: input.email, requestId, address },
					{ action: "account.create-administrator", target: input.email },
				);
			});
			rmSync(tokenFile, { force: true });
		},
	};
}

function alreadySetUp(): AppError {
	return new AppError("conflict", "An administrator already exists. Sign in instead.");
}
