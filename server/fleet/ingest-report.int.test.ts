import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { AGENT_TIMING } from "../contract/limits.ts";
import { enrollTestHost } from "../testing/test-host.ts";
import { openTestResources } from "../testing/test-resources.ts";

const events = (type: string) => [
	{
		...{ id: randomUUID(), at: "2026-01-01T00:00:00Z", severity: "info" as const },
		...{ type, message: "It happened.", assignmentId: null },
	},
];

it("a host's reports are stored in turn, without those that its agent no longer waits for", async () => {
	const test = await openTestResources();
	const { db, fleet, orders } = test.resources;
	const host = await enrollTestHost(test, "h1", "a");
	let release = () => {};
	const stalled = new Promise<void>((resolve) => {
		release = resolve;
	});
	vi.spyOn(orders, "quiet").mockImplementationOnce(() => stalled);
	const first = host.report({ events: events("first") });
	const given = host.report({ events: events("given-up") }, false);
	const last = host.report({ events: events("last") });
	test.time.now = new Date(test.time.now.getTime() + 2 * AGENT_TIMING.leaseMs);
	// It hears nothing from us meanwhile, which isn't its fault.
	expect(fleet.expireLeases()).toEqual([]);
	expect(await db.event.count({ where: { type: { in: ["first", "last"] } } })).toBe(0);
	release();
	await Promise.all([first, given, last]);
	const stored = await db.event.findMany({ select: { type: true } });
	expect(stored.map(({ type }) => type)).toEqual(expect.arrayContaining(["first", "last"]));
	expect(stored.map(({ type }) => type)).not.toContain("given-up");
});
