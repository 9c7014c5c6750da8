import type { z } from "zod";
import { AppError } from "../../contract/errors.ts";
import {
	type ModifyStoreInput,
	type Store,
	s3SettingsSchema,
	type storeTestSchema,
} from "../../contract/store.ts";
import { isReferenceViolation, type Transaction } from "../../data/database.ts";
import { writeAudit } from "../../data/write-audit.ts";
import { auditOrigin } from "../audit-origin.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { faultOf, requireWorking } from "./require-working.ts";
import { planOf, type StoreRow, secretContext } from "./store-row.ts";
import { LOCAL_STORE } from "./store-shelf.ts";

/** By name, the local one first. */
export async function listStores({ db, stores }: Resources): Promise<{ items: Store[] }> {
	const rows = await db.store.findMany({ orderBy: { name: "asc" } });
	const isLocal = ({ id }: StoreRow) => id === LOCAL_STORE;
	const sorted = [...rows.filter(isLocal), ...rows.filter((row) => !isLocal(row))];
	return { items: await Promise.all(sorted.map((row) => stores.view(row))) };
}

export async function getStore({ db, stores }: Resources, name: string): Promise<Store> {
	return await stores.view(await requireStore(db, name));
}

/** Changes how a store is reached, after that was tried. What it is, and its encryption, stay. */
export async function modifyStore(
	resources: Resources,
	caller: Caller,
	input: ModifyStoreInput,
): Promise<Store> {
	const { db, stores, secrets, clock } = resources;
	const changed = {
		...changeRow(await requireStore(db, input.name), input),
		updatedAt: clock.now(),
	};
	if (input.secretAccessKey !== undefined) {
		changed.secret = secrets.seal(input.secretAccessKey, secretContext(changed.id));
	}
	await requireWorking("name", async (signal) => {
		await (await stores.make(planOf(changed, secrets))).check(signal);
	});
	return await mutate(resources, caller, {
		action: "store.modify",
		target: input.name,
		input,
		run: async (tx) => {
			const { settings, secret, updatedAt } = changed;
			const { id } = await requireStore(tx, input.name);
			const data = { settings: settings ?? {}, secret, updatedAt };
			return await stores.view(await tx.store.update({ where: { id }, data }));
		},
	});
}

function changeRow(row: StoreRow, input: ModifyStoreInput): StoreRow {
	const { name: _name, path, secretAccessKey, ...s3 } = input;
	if (row.id === LOCAL_STORE) {
		throw new AppError("conflict", "The local store can't be changed. Create another store.", {
			field: "name",
		});
	}
	const given = { path, secretAccessKey, ...s3 };
	const foreign = Object.entries(given).find(
		([key, value]) => value !== undefined && (key === "path") !== (row.kind === "directory"),
	);
	if (foreign !== undefined) {
		throw new AppError("invalid_argument", `${foreign[0]} doesn't apply to this kind of store.`, {
			field: foreign[0],
		});
	}
	if (row.kind === "directory") return path === undefined ? row : { ...row, settings: { path } };
	const before = s3SettingsSchema.parse(row.settings);
	return { ...row, settings: { ...before, ...s3 } };
}

/** Throws `conflict` while something is kept in the store. Nothing in the directory or bucket is removed. */
export async function deleteStore(
	resources: Resources,
	caller: Caller,
	{ name }: { name: string },
): Promise<{ name: string }> {
	if (name === LOCAL_STORE) {
		throw new AppError("conflict", "The local store can't be deleted.", { field: "name" });
	}
	try {
		return await mutate(resources, caller, {
			action: "store.delete",
			target: name,
			input: { name },
			run: async (tx) => {
				const { id } = await requireStore(tx, name);
				await tx.store.delete({ where: { id } });
				return { name };
			},
		});
	} catch (error) {
		if (!isReferenceViolation(error)) throw error;
		throw new AppError(
			"conflict",
			`Store ${name} is in use: snapshots are in it, or the control plane backs itself up to it. Delete or move those first.`,
			{ field: "name", cause: error },
		);
	}
}

/** Writes, reads, compares and deletes a small object. */
export async function testStore(
	{ db, stores, clock }: Resources,
	caller: Caller,
	{ name }: { name: string },
): Promise<z.infer<typeof storeTestSchema>> {
	const { id } = await requireStore(db, name);
	await writeAudit(db, clock, auditOrigin(caller), { action: "store.test", target: name });
	const startedAt = performance.now();
	const fault = await faultOf(async (signal) => (await stores.open(id)).check(signal));
	return {
		...{ name, ok: fault === null },
		message: fault ?? "Larder wrote, read, compared and deleted a small object.",
		milliseconds: Math.round(performance.now() - startedAt),
	};
}

async function requireStore(tx: Transaction, name: string): Promise<StoreRow> {
	const row = await tx.store.findUnique({ where: { name } });
	if (row !== null) return row;
	throw new AppError("not_found", `Store ${name} not found. List the stores to see what exists.`, {
		field: "name",
	});
}
