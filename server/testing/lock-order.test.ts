import { describe, expect, it } from "vitest";
import { LockOrder, tablesLockedBy } from "./lock-order.ts";

const UPDATE_HOST = 'UPDATE "public"."Host" SET "revision" = $1';
const UPDATE_NODE = 'UPDATE "public"."Node" SET "port" = $1';

function run(...statements: string[]): void {
	const order = new LockOrder();
	for (const sql of statements) order.check(sql);
}

describe("the lock-order check", () => {
	it("finds the tables whose rows a statement locks, in order", () => {
		expect(tablesLockedBy('INSERT INTO "public"."Node" ("id") VALUES ($1)')).toEqual(["Node"]);
		expect(tablesLockedBy('SELECT "id" FROM "public"."Host"')).toEqual([]);
		expect(tablesLockedBy('SELECT "id" FROM "Host" ORDER BY "id" FOR NO KEY UPDATE')).toEqual([
			"Host",
		]);
		expect(
			tablesLockedBy(
				'WITH c AS (SELECT 1 FROM "Cache" FOR UPDATE) SELECT 1 FROM c JOIN "Shard" AS s ON true FOR UPDATE OF s',
			),
		).toEqual(["Cache", "Shard"]);
		expect(tablesLockedBy('SELECT 1 FROM "ControlPlane" WHERE "id" = 1 FOR KEY SHARE')).toEqual([]);
	});

	it("rejects a transaction that locks rows out of order", () => {
		expect(() => run("BEGIN", UPDATE_NODE, UPDATE_HOST)).toThrow("Host after rows of Node");
		expect(() =>
			run("BEGIN", 'UPDATE "ControlPlane" SET "epoch" = 2', 'DELETE FROM "JoinToken"'),
		).toThrow("JoinToken after rows of ControlPlane");
	});

	it("accepts any order across transactions, and rows that are locked again", () => {
		expect(() => run(UPDATE_NODE, UPDATE_HOST)).not.toThrow();
		expect(() => run("BEGIN", UPDATE_NODE, "COMMIT", "BEGIN", UPDATE_HOST)).not.toThrow();
		expect(() => run("BEGIN", UPDATE_HOST, UPDATE_NODE, UPDATE_HOST)).not.toThrow();
	});
});
