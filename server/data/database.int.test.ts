import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { openTestDatabase } from "../testing/test-resources.ts";

const onLost = vi.fn();
let opened: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
	opened = await openTestDatabase(onLost);
});
beforeEach(() => onLost.mockClear());
afterAll(() => opened?.close());

const echo = (text: string) =>
	opened.db.$queryRaw<{ text: string }[]>`SELECT ${text}::text AS text`;

it("a refused statement leaves the connection and its statement names intact", async () => {
	expect(await echo("before")).toEqual([{ text: "before" }]);
	const { db } = opened;
	const refused = [
		() => echo("\0"),
		() => db.$queryRaw`SELECT ${"9".repeat(40)}::text::int`,
		() => db.$queryRaw`SELECT ${"0000-01-01"}::text::timestamp`,
		() => db.$queryRaw`SELECT ${'"\\u0000"'}::text::jsonb`,
		() => db.$queryRaw`SELECT nothing FROM nowhere`,
		() => db.$transaction((tx) => tx.$queryRaw`SELECT ${"\0"}::text`),
	];
	for (const statement of refused) {
		await expect(statement()).rejects.toThrow();
		await expect(statement()).rejects.toThrow();
		expect(await echo("after")).toEqual([{ text: "after" }]);
	}
	expect(onLost).not.toHaveBeenCalled();
});

it("a session whose statement names differ from its client's counts as lost", async () => {
	await echo("once");
	await opened.db.$executeRawUnsafe("DEALLOCATE ALL");
	await expect(echo("again")).rejects.toThrow();
	await expect.poll(() => onLost.mock.calls.length).toBeGreaterThan(0);
});
