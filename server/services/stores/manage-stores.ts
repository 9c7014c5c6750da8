import type { z } from "zod";
import { AppError } from "../../contract/errors.ts";
import {
	type ModifyStoreInput,
	type Store,
	s3SettingsSchema,
	type storeTestSchema,
} from "../../contract/store.ts";
import { type Database, isReferenceViolation } from "../../data/database.ts";
import { writeAudit } from "../../data/write-audit.ts";
import { auditOrigin } from "../audit-origin.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { checkStore } from "./check-stores.ts";
import { requireStore } from "./require-store.ts";
import { requireWorking } from "./require-working.ts";
import { planOf, type StoreRow, secretContext } from "./store-row.ts";
import { LOCAL_STORE } from "./store-shelf.ts";

/** By name, the local one first. */
export async function listStores({ db, stores }: Resources): Promise<{ items: Store[] }> {
	const rows = await db.store.findMany({ orderBy: { name: "asc" } });
	const isLocal = ({ id }: StoreRow) => id === LOCAL_STORE;
	const sorted = [...rows.filter(isLocal), ...rows.filter((row) => !isLocal(row))];
	return { items: await stores.views(db, sorted) };
}

export async function getStore({ db, stores }: Resources, name: string): Promise<Store> {
	return await stores.view(db, await requireStore(db, name));
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
		...{ updatedAt: clock.now(), checkedAt: clock.now(), checkError: null },
	};
	if (input.secretAccessKey !== undefined) {
		changed.secret = secrets.seal(input.secretAccessKey, secretContext(changed.id));
	}
	if (input.accessKeyId !== undefined && changed.secret === null) {
		throw new AppError(
			"invalid_argument",
			"accessKeyId and secretAccessKey belong together: the store has no secretAccessKey yet, so send both.",
			{ field: "secretAccessKey" },
		);
	}
	await requireWorking("name", async (signal) => {
		await (await stores.make(planOf(changed, secrets))).check(signal);
	});
	return await mutate(resources, caller, {
		action: "store.modify",
		target: input.name,
		input,
		run: async (tx) => {
			const { settings, secret, updatedAt, checkedAt, checkError } = changed;
			const { id } = await requireStore(tx, input.name);
			const data = { settings: settings ?? {}, secret, updatedAt, checkedAt, checkError };
			return await stores.view(tx, await tx.store.update({ where: { id }, data }));
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
		throw new AppError("conflict", await describeUse(resources.db, name), {
			...{ field: "name", cause: error },
		});
	}
}

/** How many snapshots a refusal names. */
const NAMED = 3;

/** What stands against the deletion of a store, and what to do about it. */
async function describeUse(db: Database, name: string): Promise<string> {
	const snapshots = await db.snapshot.findMany({
		where: { store: { name } },
		select: { name: true },
		orderBy: { createdAt: "desc" },
	});
	const schedules = await db.backupSchedule.count({ where: { store: { name } } });
	const named = snapshots.slice(0, NAMED).map((snapshot) => snapshot.name);
	const more = snapshots.length - named.length;
	const list = more === 0 ? named.join(", ") : `${named.join(", ")} and ${more} more`;
	const reasons = [
		...(snapshots.length === 0
			? []
			: [
					`${snapshots.length === 1 ? "snapshot" : "snapshots"} ${list} ${snapshots.length === 1 ? "is" : "are"} in it. Copy what you want to keep to another store, and delete ${snapshots.length === 1 ? "it" : "them"}`,
				]),
		...(schedules === 0
			? []
			: [
					"the control plane backs itself up to it. Choose another store for the schedule, or end it",
				]),
	];
	return reasons.length === 0
		? `Store ${name} is in use: a host is sending something to it. Try again later.`
		: `Store ${name} is in use: ${reasons.join("; ")}.`;
}

/** Writes, reads, compares and deletes a small object. */
export async function testStore(
	resources: Resources,
	caller: Caller,
	{ name }: { name: string },
): Promise<z.infer<typeof storeTestSchema>> {
	const { db, clock } = resources;
	const row = await requireStore(db, name);
	await writeAudit(db, clock, auditOrigin(caller), { action: "store.test", target: name });
	const startedAt = performance.now();
	const fault = await checkStore(resources, row);
	return {
		...{ name, ok: fault === null },
		message: fault ?? "Larder wrote, read, compared and deleted a small object.",
		milliseconds: Math.round(performance.now() - startedAt),
	};
}
