import { describe, expect, it } from "vitest";
import { createCacheInputSchema } from "../../../../server/contract/cache.ts";
import { GIB } from "../../../../server/contract/limits.ts";
import { toCliCommand, toCurlCommand } from "./as-code.ts";
import { EMPTY_DRAFT, tagProblem, toRequest } from "./draft.ts";
import { previewPlacement } from "./preview-placement.ts";

const tag = (key: string, value: string) => ({ id: key + value, key, value });

describe("a draft", () => {
	it("of the form's defaults and a name is a request that the contract takes", () => {
		const parsed = createCacheInputSchema.safeParse(toRequest({ ...EMPTY_DRAFT, name: "Orders" }));
		expect(parsed.data).toMatchObject({ name: "orders", replicasPerShard: 1, multiAz: true });
	});

	it("asks for no Multi-AZ without replicas", () => {
		const request = toRequest({ ...EMPTY_DRAFT, name: "orders", replicas: 0 });
		expect(request.multiAz).toBe(false);
		expect(createCacheInputSchema.safeParse(request).success).toBe(true);
	});

	it.each(["80", "abc", "6379.5", "-1"])("with port %j is refused at the port", (port) => {
		const parsed = createCacheInputSchema.safeParse(toRequest({ ...EMPTY_DRAFT, name: "a", port }));
		expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual(["port"]);
	});

	it("names tags that are twice there or lack a key", () => {
		expect(tagProblem([tag("team", "a"), tag("team ", "b")])).toContain("twice");
		expect(tagProblem([tag("", "b")])).toContain("needs a key");
		expect(tagProblem([tag("", ""), tag("team", "a")])).toBeNull();
	});
});

describe("as code", () => {
	const request = toRequest({
		...EMPTY_DRAFT,
		name: "orders",
		replicas: 2,
		tags: [tag("team", "it's ours")],
	});

	it("is a command of the CLI", () => {
		expect(toCliCommand(request)).toBe(
			[
				"larder caches create orders",
				"--engine valkey",
				"--node-type cache.t4g.micro",
				"--replicas 2",
				"--multi-az",
				String.raw`--tag 'team=it'\''s ours'`,
			].join(" \\\n  "),
		);
	});

	it("is a call of the REST API without a secret in it", () => {
		const command = toCurlCommand(request, "http://127.0.0.1:3000");
		expect(command).toContain("curl -X POST http://127.0.0.1:3000/api/v1/caches");
		expect(command).toContain("$LARDER_TOKEN");
		expect(command).toContain('"replicasPerShard": 2');
	});
});

describe("the placement preview", () => {
	const host = (name: string, zone: string, gib: number) => ({
		id: name,
		name,
		zone,
		freeMemoryBytes: gib * GIB,
	});

	it("spreads over zones before it looks at memory", () => {
		const { nodes, missing } = previewPlacement({
			hosts: [host("a1", "a", 10), host("a2", "a", 10), host("b1", "b", 1)],
			nodeCount: 2,
			nodeMemoryBytes: GIB / 2,
		});
		expect(nodes.map((node) => node.host.name)).toEqual(["a1", "b1"]);
		expect(missing).toBe(0);
	});

	it("tells what is left and what found no room", () => {
		const preview = previewPlacement({
			hosts: [host("a1", "a", 1), host("b1", "b", 0.25)],
			nodeCount: 3,
			nodeMemoryBytes: GIB / 2,
		});
		expect(preview.nodes).toHaveLength(2);
		expect(preview.missing).toBe(1);
		expect(preview.roomLeft).toEqual([
			{ zone: "a", bytes: 0 },
			{ zone: "b", bytes: 0.25 * GIB },
		]);
	});
});
