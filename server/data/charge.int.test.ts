import { expect, it, vi } from "vitest";
import { bumpRoutes } from "../services/bump-hosts.ts";
import { openTestResources } from "../testing/test-resources.ts";
import { ChargeLostError, takeCharge, writeInCharge } from "./charge.ts";
import type { Transaction } from "./database.ts";

const NOW = new Date("2026-01-02T00:00:00Z");

function join(tx: Transaction, name: string) {
	return tx.releasedPort.create({
		data: { hostId: "", port: Number(name), cacheName: name, releasedAt: NOW },
	});
}

it("a control plane writes until another takes over, and not afterward", async () => {
	const { db } = (await openTestResources()).resources;
	const onLost = vi.fn();
	const former = { db, charge: { epoch: 1, onLost } };
	const steps: string[] = [];
	let letGo = () => {};
	const held = new Promise<void>((resolve) => {
		letGo = resolve;
	});
	let hasBegun = () => {};
	const begun = new Promise<void>((resolve) => {
		hasBegun = resolve;
	});
	const writing = writeInCharge(former, async (tx) => {
		await join(tx, "1");
		hasBegun();
		await held;
	}).then(() => steps.push("written"));
	await begun;
	const taking = takeCharge(db, NOW).then((epoch) => steps.push(`epoch ${epoch}`));
	letGo();
	await Promise.all([writing, taking]);
	expect(steps).toEqual(["written", "epoch 2"]);
	expect(onLost).not.toHaveBeenCalled();

	const late = writeInCharge(former, (tx) => join(tx, "2"));
	await expect(late).rejects.toThrow(ChargeLostError);
	expect(onLost).toHaveBeenCalledOnce();
	expect(onLost.mock.calls[0]?.[0].message).toContain("Another control plane has taken over");
	expect(await db.releasedPort.findMany({ select: { port: true } })).toEqual([{ port: 1 }]);
	await writeInCharge({ db, charge: { epoch: 2, onLost } }, (tx) => join(tx, "3"));
	expect(await db.releasedPort.count()).toBe(2);
});

it("concurrent writes, changes of routes and takeovers don't deadlock", async () => {
	const { db } = (await openTestResources()).resources;
	let epoch = 1;
	let written = 0;
	const write = async () => {
		const mine = epoch;
		try {
			await writeInCharge({ db, charge: { epoch: mine, onLost: () => {} } }, async (tx) => {
				await bumpRoutes(tx, []);
			});
			written += 1;
		} catch (error) {
			if (!(error instanceof ChargeLostError)) throw error;
		}
	};
	const rounds = async (work: () => Promise<unknown>) => {
		for (let round = 0; round < 20; round++) await work();
	};
	await Promise.all([
		...Array.from({ length: 6 }, () => rounds(write)),
		// As services do for people: without being in charge, but raising the same route revision.
		rounds(() => db.$transaction((tx) => bumpRoutes(tx, []))),
		rounds(async () => {
			epoch = await takeCharge(db, NOW);
		}),
	]);
	const row = await db.controlPlane.findUniqueOrThrow({ where: { id: 1 } });
	expect(row).toMatchObject({ epoch: 21, routeRevision: written + 20 });
});
