import { beforeEach, expect, it } from "vitest";
import { createCacheInputSchema, createNodeTypeInputSchema, MIB } from "../../contract/index.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { createCache } from "../caches/create-cache.ts";
import { createNodeType } from "./create-node-type.ts";
import { deleteNodeType } from "./delete-node-type.ts";
import { listNodeTypes } from "./list-node-types.ts";

let test: TestResources;
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
});

const create = (input: object = {}) =>
	createNodeType(
		test.resources,
		caller,
		createNodeTypeInputSchema.parse({ name: "own.small", vcpus: 2, memoryMib: 128, ...input }),
	);
const remove = (name: string) => deleteNodeType(test.resources, caller, { name });

it("lists the catalog and operators' own types with what they cost", async () => {
	await create({ cpuMillis: 500 });
	const types = await listNodeTypes(test.resources);
	expect(types.at(-1)).toEqual({
		name: "own.small",
		family: "custom",
		vcpus: 2,
		memoryBytes: 128 * MIB,
		usableMemoryBytes: 96 * MIB,
		cpuMillis: 500,
		hourlyCost: 0.125 * 0.025,
		custom: true,
	});
	expect(types.find((type) => type.name === "cache.m7g.large")).toMatchObject({
		family: "m7g",
		custom: false,
	});
});

it("refuses a name that is taken, and more CPU time than the type's vCPUs have", async () => {
	await create();
	await expect(create()).rejects.toMatchObject({ code: "already_exists", field: "name" });
	await expect(create({ name: "own.other", cpuMillis: 2_001 })).rejects.toMatchObject({
		code: "invalid_argument",
		field: "cpuMillis",
	});
});

it("keeps types that a cache uses, and the catalog", async () => {
	await create();
	const spec = createCacheInputSchema.parse({ name: "orders", nodeType: "own.small" });
	await createCache(test.resources, caller, spec);
	await expect(remove("own.small")).rejects.toMatchObject({
		code: "conflict",
		message: expect.stringContaining("cache orders uses it"),
	});
	expect((await listNodeTypes(test.resources)).at(-1)?.name).toBe("own.small");
	await expect(remove("cache.t4g.micro")).rejects.toMatchObject({ code: "conflict" });
	await expect(remove("own.none")).rejects.toMatchObject({ code: "not_found" });
	await create({ name: "own.unused" });
	expect(await remove("own.unused")).toEqual({ name: "own.unused" });
});
