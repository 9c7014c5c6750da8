import { recordEvent } from "../../data/record-event.ts";
import type { Resources } from "../context.ts";
import { faultOf } from "./require-working.ts";
import type { StoreRow } from "./store-row.ts";

/** How often a store is tried, and how often one that didn't work is. */
const CHECK_MS = 15 * 60_000;
const FAILING_CHECK_MS = 60_000;

/** Tries the stores whose turn it is. Events say when one has stopped working, and when it works again. */
export async function checkStores(resources: Resources): Promise<void> {
	const now = resources.clock.now().getTime();
	const isDue = ({ checkedAt, checkError }: StoreRow) =>
		checkedAt === null ||
		now - checkedAt.getTime() >= (checkError === null ? CHECK_MS : FAILING_CHECK_MS);
	const due = (await resources.db.store.findMany()).filter(isDue);
	await Promise.all(due.map((row) => checkStore(resources, row)));
}

/** Tries a store and remembers the result. Returns why it doesn't work; null if it does. */
export async function checkStore(
	resources: Resources,
	{ id, name }: Pick<StoreRow, "id" | "name">,
): Promise<string | null> {
	const { db, stores, clock } = resources;
	const fault = await faultOf(async (signal) => (await stores.open(id)).check(signal));
	await db.$transaction(async (tx) => {
		const before = await tx.store.findUnique({ where: { id }, select: { checkError: true } });
		if (before === null) return;
		await tx.store.update({
			where: { id },
			data: { checkedAt: clock.now(), checkError: fault },
		});
		if ((before.checkError === null) === (fault === null)) return;
		await recordEvent(
			tx,
			clock,
			fault === null
				? { severity: "info", type: "store.works", message: `Store ${name} works again.` }
				: {
						...{ severity: "error", type: "store.failed" },
						message: `Store ${name} doesn't work: ${fault} What is to be kept in it waits, and nothing that is in it can be restored.`,
					},
		);
	});
	return fault;
}
