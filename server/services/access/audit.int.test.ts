import { beforeEach, describe, expect, it } from "vitest";
import { listAuditInputSchema } from "../../contract/index.ts";
import { expireAudit } from "../../data/expire-records.ts";
import { writeAudit } from "../../data/write-audit.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { auditOrigin } from "../audit-origin.ts";
import { listAudit } from "./list-audit.ts";

let test: TestResources;
const token = testCaller({ kind: "token", actor: "token:1", name: "token c_i", email: null });
const stranger = {
	...{ actor: "anonymous", actorName: "anonymous" },
	...{ requestId: "request-2", address: "192.0.2.2" },
};

/** Four entries, an hour apart. */
beforeEach(async () => {
	test = await openTestResources();
	const { db, clock } = test.resources;
	const facts = [
		[auditOrigin(testCaller()), { action: "session.sign-in", target: "ada@example.com" }],
		[auditOrigin(testCaller()), { action: "cache.create", target: "orders" }],
		[auditOrigin(token), { action: "cache.delete", target: "orders", outcome: "denied" }],
		[stranger, { action: "session.sign-in", target: "eve@example.com", outcome: "failed" }],
	] as const;
	for (const [origin, fact] of facts) {
		await writeAudit(db, clock, origin, fact);
		test.time.now = new Date(test.time.now.getTime() + 3_600_000);
	}
});

const list = (input: object = {}) => listAudit(test.resources, listAuditInputSchema.parse(input));
const actions = async (input: object) =>
	(await list(input)).items.map(({ action, outcome }) => `${action} ${outcome}`);

describe("the audit log", () => {
	it("says who did what, from where and when, newest first", async () => {
		expect((await list()).items.at(-1)).toMatchObject({
			at: "2026-01-01T00:00:00.000Z",
			actor: { kind: "user", id: "ada", name: "ada@example.com" },
			...{ address: "192.0.2.1", requestId: "request-1" },
			...{ action: "session.sign-in", target: "ada@example.com", outcome: "succeeded" },
		});
		expect((await list()).items[0]?.actor).toEqual({
			...{ kind: "anonymous", id: null, name: "anonymous" },
		});
	});

	it.each([
		[{ action: "session" }, ["session.sign-in failed", "session.sign-in succeeded"]],
		[{ action: "cache.create" }, ["cache.create succeeded"]],
		[{ outcome: "denied" }, ["cache.delete denied"]],
		[{ actor: "ADA@" }, ["cache.create succeeded", "session.sign-in succeeded"]],
		[{ actor: "token:1" }, ["cache.delete denied"]],
		[{ actor: "c_i" }, ["cache.delete denied"]],
		[{ actor: "%" }, []],
		[{ since: "2026-01-01T02:30:00Z" }, ["session.sign-in failed"]],
	])("is filtered by %j", async (input, expected) => {
		expect(await actions(input)).toEqual(expected);
	});

	it("comes in pages", async () => {
		const first = await list({ limit: 3 });
		const second = await list({ limit: 3, cursor: first.nextCursor });
		expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 1, null]);
		expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(4);
	});

	it("drops entries that are too old, and the oldest if there are too many", async () => {
		await expireAudit(test.resources.db, new Date("2026-01-01T00:30:00Z"));
		expect(await actions({})).toHaveLength(3);
		await expireAudit(test.resources.db, new Date(0), 2);
		expect(await actions({})).toEqual(["session.sign-in failed", "cache.delete denied"]);
	});
});
