import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import type { z } from "zod";
import { AppError, type createAdministratorInputSchema } from "../contract/index.ts";
import type { Database } from "../data/database.ts";
import { equalHex, randomSecret, readOrCreate, sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import type { Sessions } from "./sessions.ts";

/** Any number will do; it only has to be the same one each time. */
const SETUP_ADVISORY_LOCK = 7_220_641;

export interface SetUp {
	isRequired(): Promise<boolean>;
	/** The one-time link's token; null once an administrator exists. */
	token(): Promise<string | null>;
	createAdministrator(
		input: z.output<typeof createAdministratorInputSchema>,
		requestId: string,
	): Promise<void>;
}

/** The first administrator: whoever holds the token that only this machine's user can read makes it, once. */
export function createSetUp(resources: Resources, sessions: Sessions, tokenFile: string): SetUp {
	const { db, clock } = resources;
	const isRequired = async (client: Pick<Database, "user"> = db) =>
		(await client.user.count()) === 0;
	return {
		isRequired: () => isRequired(),
		async token() {
			return (await isRequired()) ? readOrCreate(tokenFile, randomSecret) : null;
		},
		async createAdministrator(input, requestId) {
			if (!(await isRequired())) throw alreadySetUp();
			const expected = sha256Hex(readOrCreate(tokenFile, randomSecret));
			if (!equalHex(sha256Hex(input.setupToken), expected)) {
				throw new AppError(
					"unauthenticated",
					"This set-up link isn't valid. Open the one that npm start printed last.",
					{ field: "setupToken" },
				);
			}
			const context = await sessions.$context;
			const password = await context.password.hash(input.password);
			await db.$transaction(async (tx) => {
				await tx.$executeRaw`SELECT pg_advisory_xact_lock(${SETUP_ADVISORY_LOCK}::bigint)::text`;
				if (!(await isRequired(tx))) throw alreadySetUp();
				const id = randomUUID();
				await tx.user.create({
					data: { id, name: input.name, email: input.email, emailVerified: true },
				});
				await tx.account.create({
					data: {
						id: randomUUID(),
						accountId: id,
						providerId: "credential",
						userId: id,
						password,
					},
				});
				await tx.auditEntry.create({
					data: {
						id: randomUUID(),
						at: clock.now(),
						actor: `user:${id}`,
						action: "account.create-administrator",
						target: input.email,
						requestId,
					},
				});
			});
			rmSync(tokenFile, { force: true });
		},
	};
}

function alreadySetUp(): AppError {
	return new AppError("conflict", "An administrator exists already. Sign in instead.");
}
