import type { Database, Transaction } from "./database.ts";

/** A control plane's right to manage caches: the newest epoch has it, until another control plane takes over. */
export interface Charge {
	epoch: number;
	/** Called once another control plane has it: this one must stop. */
	onLost(error: ChargeLostError): void;
}

export class ChargeLostError extends Error {
	override readonly name = "ChargeLostError";

	constructor(epoch: number) {
		super(
			`Another control plane has taken over the database: the epoch of this control plane, ${epoch}, is no longer the newest. This control plane stops, and has written nothing since. Caches keep serving, and the other control plane manages them.`,
		);
	}
}

/**
 * Runs a transaction while this control plane is in charge. Otherwise throws `ChargeLostError` and writes nothing.
 * The lock conflicts with `takeCharge` alone, so transactions don't wait for each other here; a takeover waits for
 * those that have begun.
 */
export async function writeInCharge<T>(
	{ db, charge }: { db: Database; charge: Charge },
	work: (tx: Transaction) => Promise<T>,
): Promise<T> {
	try {
		return await db.$transaction(async (tx) => {
			const held = await tx.$queryRaw<unknown[]>`
				SELECT "epoch" FROM "ControlPlane"
				WHERE "id" = 1 AND "epoch" = ${charge.epoch} FOR KEY SHARE`;
			if (held.length === 0) throw new ChargeLostError(charge.epoch);
			return await work(tx);
		});
	} catch (error) {
		if (error instanceof ChargeLostError) charge.onLost(error);
		throw error;
	}
}

/** Takes over from the previous control plane. Returns the new epoch. */
export function takeCharge(db: Database, now: Date): Promise<number> {
	return db.$transaction(async (tx) => {
		// An update alone wouldn't wait for the transactions of the previous control plane.
		await tx.$queryRaw`SELECT "epoch" FROM "ControlPlane" WHERE "id" = 1 FOR UPDATE`;
		const { epoch } = await tx.controlPlane.upsert({
			where: { id: 1 },
			create: { id: 1, epoch: 1, startedAt: now },
			update: { epoch: { increment: 1 }, startedAt: now },
		});
		return epoch;
	});
}
