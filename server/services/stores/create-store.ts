import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { newIdentity, recipientOf } from "../../../platform/stores/age/age-header.ts";
import { makeDirectoryStore } from "../../../platform/stores/directory-store.ts";
import { AppError } from "../../contract/errors.ts";
import type { CreateStoreInput, createdStoreSchema } from "../../contract/store.ts";
import { isUniqueViolation } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { requireWorking } from "./require-working.ts";
import { identityContext, planOf, type StoreRow, secretContext } from "./store-row.ts";

/**
 * Creates a store, after it was tried. The age identity is in this response only, and only if Larder made it. Throws
 * `already_exists` if the name is taken, `invalid_argument` if the store doesn't work.
 */
export async function createStore(
	resources: Resources,
	caller: Caller,
	input: CreateStoreInput,
): Promise<z.infer<typeof createdStoreSchema>> {
	const { stores, clock, secrets } = resources;
	const identity = await identityFor(input);
	const id = randomUUID();
	const now = clock.now();
	const secret = input.s3?.secretAccessKey;
	const row: StoreRow = {
		...{ id, name: input.name, createdAt: now, updatedAt: now },
		...placeOf(input),
		secret: secret === undefined ? null : secrets.seal(secret, secretContext(id)),
		encryptionKey: identity === null ? null : secrets.seal(identity, identityContext(id)),
		...{ checkedAt: now, checkError: null },
	};
	const field = input.path === undefined ? "s3" : "path";
	await requireWorking(field, async (signal) => {
		if (input.path !== undefined) await makeDirectoryStore(input.path);
		await (await stores.make(planOf(row, secrets))).check(signal);
	});
	try {
		return await mutate(resources, caller, {
			action: "store.create",
			target: input.name,
			input,
			run: async (tx) => {
				const { settings, ...rest } = row;
				const created = await tx.store.create({ data: { ...rest, settings: settings ?? {} } });
				const isNew = identity !== null && input.identity === undefined;
				return { ...(await stores.view(tx, created)), identity: isNew ? identity : null };
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Store ${input.name} already exists. Choose another name.`,
			{
				field: "name",
				cause: error,
			},
		);
	}
}

function placeOf({ path, s3 }: CreateStoreInput): Pick<StoreRow, "kind" | "settings"> {
	if (s3 === undefined) return { kind: "directory", settings: { path: path ?? null } };
	const { bucket, region, prefix, endpoint, accessKeyId, pathStyle = endpoint !== undefined } = s3;
	return {
		kind: "s3",
		settings: {
			...{ bucket, region, prefix, pathStyle },
			...{ endpoint: endpoint ?? null, accessKeyId: accessKeyId ?? null },
		},
	};
}

async function identityFor({ encryption, identity }: CreateStoreInput): Promise<string | null> {
	if (encryption === "none") return null;
	if (identity === undefined) return await newIdentity();
	try {
		await recipientOf(identity);
	} catch (cause) {
		throw new AppError("invalid_argument", "identity isn't a valid age secret key.", {
			field: "identity",
			cause,
		});
	}
	return identity;
}
