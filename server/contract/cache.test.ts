import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCacheInputSchema } from "./cache.ts";

const fieldsAtFault = (input: unknown) => {
	const result = createCacheInputSchema.safeParse(input);
	return result.success ? [] : result.error.issues.map((issue) => issue.path.join("."));
};

describe("a create request", () => {
	it("needs no more than a name", () => {
		expect(createCacheInputSchema.parse({ name: "Orders" })).toEqual({
			name: "orders",
			kind: "provisioned",
			engine: "valkey",
			nodeType: "cache.t4g.micro",
			clusterMode: "disabled",
			shards: 1,
			replicasPerShard: 0,
			multiAz: false,
			automaticFailover: false,
			auth: "password",
			tags: {},
			description: "",
		});
	});

	it("fails over by itself wherever there is a replica, unless told otherwise", () => {
		const spec = createCacheInputSchema.parse({ name: "a", replicasPerShard: 1 });
		expect(spec.automaticFailover).toBe(true);
		expect(
			createCacheInputSchema.parse({ name: "a", replicasPerShard: 1, automaticFailover: false })
				.automaticFailover,
		).toBe(false);
	});

	it.each(["", "1a", "-a", "a-", "a--b", "a_b", "ä", "a b", "a".repeat(41), "a\n", 5, null])(
		"refuses the name %j",
		(name) => {
			expect(fieldsAtFault({ name })).toContain("name");
		},
	);

	it.each([
		[{ multiAz: true }, "multiAz"],
		[{ automaticFailover: true }, "automaticFailover"],
		[{ multiAz: true, replicasPerShard: 1, automaticFailover: false }, "automaticFailover"],
		[{ replicasPerShard: 6 }, "replicasPerShard"],
		[{ shards: 2 }, "shards"],
		[{ port: 80 }, "port"],
		[{ engineVersion: "latest" }, "engineVersion"],
		[{ nodeType: "cache.x9.huge" }, "nodeType"],
		[{ tags: { "": "x" } }, "tags."],
		[{ description: "x".repeat(256) }, "description"],
	])("names the field at fault in %j", (extra, field) => {
		expect(fieldsAtFault({ name: "a", ...extra })).toContain(field);
	});

	it("refuses fields that it doesn't know", () => {
		expect(createCacheInputSchema.safeParse({ name: "a", replicas: 2 }).success).toBe(false);
	});

	it("never throws, whatever it is given", () => {
		fc.assert(
			fc.property(fc.anything(), (input) => {
				createCacheInputSchema.safeParse(input);
			}),
			{ numRuns: 2_000 },
		);
	});
});
