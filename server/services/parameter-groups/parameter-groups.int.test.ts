import { beforeEach, describe, expect, it } from "vitest";
import {
	AppError,
	createCacheInputSchema,
	createParameterGroupInputSchema,
	GIB,
	modifyParameterGroupInputSchema,
} from "../../contract/index.ts";
import { reconcileCache } from "../../reconciler/reconcile-cache.ts";
import { enrollTestHost, type TestHost } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { createCache } from "../caches/create-cache.ts";
import { listEvents } from "../list-events.ts";
import { createParameterGroup } from "./create-parameter-group.ts";
import { deleteParameterGroup } from "./delete-parameter-group.ts";
import { getParameterGroup, listParameterGroups } from "./list-parameter-groups.ts";
import { modifyParameterGroup, resetParameterGroup } from "./modify-parameter-group.ts";

let test: TestResources;
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
});

const create = (input: object = {}) =>
	createParameterGroup(
		test.resources,
		caller,
		createParameterGroupInputSchema.parse({ name: "mine", family: "valkey9", ...input }),
	);
const modify = (parameters: Record<string, string>, name = "mine") =>
	modifyParameterGroup(
		test.resources,
		caller,
		modifyParameterGroupInputSchema.parse({ name, parameters }),
	);
const reset = (parameters?: string[]) =>
	resetParameterGroup(test.resources, caller, {
		name: "mine",
		...(parameters !== undefined && { parameters }),
	});
const remove = (name = "mine") => deleteParameterGroup(test.resources, caller, { name });
const get = (name = "mine") => getParameterGroup(test.resources, { name });
const parameterOf = (group: Awaited<ReturnType<typeof get>>, name: string) =>
	group.parameters.find((parameter) => parameter.name === name);

async function refusal(call: Promise<unknown>) {
	const error = await call.then(
		() => null,
		(reason: unknown) => reason,
	);
	if (!(error instanceof AppError)) throw new Error(`not refused: ${String(error)}`);
	return { code: error.code, field: error.field, message: error.message };
}

/** A placed cache that uses the group, and its host. */
async function cacheUsing(group: string, name = "orders"): Promise<TestHost> {
	const host = await enrollTestHost(test, "h1", "a");
	const cache = createCacheInputSchema.parse({ name, parameterGroup: group });
	await createCache(test.resources, caller, cache);
	const { id } = await test.resources.db.cache.findUniqueOrThrow({ where: { name } });
	let again = true;
	while (again) ({ again } = await reconcileCache(test.resources, id, (work) => work()));
	return host;
}

async function theAssignment(host: TestHost) {
	const [assignment] = (await host.state()).assignments;
	if (assignment === undefined) throw new Error("nothing is assigned");
	return assignment;
}

describe("default groups", () => {
	it("exist for every family without being stored, and come first", async () => {
		await create({ name: "a-group" });
		const names = (await listParameterGroups(test.resources, {})).map((group) => group.name);
		expect(names).toEqual([
			"default.valkey9",
			"default.valkey9.cluster.on",
			"default.valkey8",
			"default.valkey8.cluster.on",
			"default.redis7",
			"default.redis7.cluster.on",
			"default.memcached1.6",
			"a-group",
		]);
		const clustered = await get("default.redis7.cluster.on");
		expect(clustered).toMatchObject({ clusterMode: "enabled", isDefault: true, caches: [] });
		expect(parameterOf(clustered, "cluster-enabled")).toMatchObject({
			value: "yes",
			source: "default",
		});
		expect((await get("default.memcached1.6")).clusterMode).toBeNull();
	});

	it("can't be changed, deleted or created, and the refusal says what to do", async () => {
		const name = "default.valkey9";
		for (const call of [() => modify({ timeout: "1" }, name), () => remove(name)]) {
			expect(await refusal(call())).toMatchObject({
				code: "conflict",
				message: expect.stringContaining("Create a group of your own"),
			});
		}
		expect(await refusal(create({ name: "default.mine" }))).toMatchObject({
			code: "invalid_argument",
			field: "name",
		});
	});
});

describe("a custom group", () => {
	it("keeps what was set, resets one parameter or all, and is gone once deleted", async () => {
		await create({ parameters: { timeout: "0060", "maxmemory-policy": "allkeys-lru" } });
		expect(parameterOf(await get(), "timeout")).toMatchObject({
			value: "60",
			defaultValue: "0",
			source: "user",
		});
		await modify({ "tcp-keepalive": "10" });
		expect(parameterOf(await reset(["timeout"]), "timeout")).toMatchObject({
			value: "0",
			source: "default",
		});
		expect(parameterOf(await get(), "tcp-keepalive")?.value).toBe("10");
		expect((await reset()).parameters.every(({ source }) => source === "default")).toBe(true);
		await remove();
		expect(await refusal(get())).toMatchObject({ code: "not_found", field: "name" });
	});

	it("names the parameter at fault, and keeps nothing of such a request", async () => {
		await create();
		expect(await refusal(modify({ timeout: "60", "maxmemory-samples": "0" }))).toEqual({
			code: "invalid_argument",
			field: "parameters.maxmemory-samples",
			message: "maxmemory-samples must be a whole number from 1 to 64",
		});
		expect(await refusal(modify({ appendonly: "yes" }))).toMatchObject({
			field: "parameters.appendonly",
		});
		expect(await refusal(reset(["nonsense"]))).toMatchObject({ field: "parameters.0" });
		expect(await refusal(modify({}))).toMatchObject({ code: "invalid_argument" });
		expect((await get()).parameters.every(({ source }) => source === "default")).toBe(true);
	});

	it("has a unique name", async () => {
		await create();
		expect(await refusal(create())).toMatchObject({ code: "already_exists", field: "name" });
	});

	it("is created once per idempotency key", async () => {
		const keyed = testCaller({ idempotencyKey: "k" });
		const input = createParameterGroupInputSchema.parse({ name: "mine", family: "redis7" });
		const first = await createParameterGroup(test.resources, keyed, input);
		expect(await createParameterGroup(test.resources, keyed, input)).toEqual(first);
		expect(await test.resources.db.auditEntry.count()).toBe(1);
	});
});

describe("a group in use", () => {
	it("reaches the hosts of its caches as soon as it changes", async () => {
		await create();
		const host = await cacheUsing("mine");
		const before = await host.state();
		test.woken.length = 0;
		test.time.now = new Date(test.time.now.getTime() + 1_000);
		await modify({ timeout: "60", databases: "32" });
		const after = await host.state();
		expect(after.revision).toBeGreaterThan(before.revision);
		const [was, is] = [before.assignments[0], after.assignments[0]];
		expect(is?.generation).toBe((was?.generation ?? 0) + 1);
		expect(is?.parameters).toContainEqual({ name: "timeout", value: "60", live: true });
		expect(is?.parameters).toContainEqual({ name: "databases", value: "32", live: false });
		expect(test.woken).toHaveLength(1);
		const { items } = await listEvents(test.resources, { limit: 10, cache: "orders" });
		expect(items[0]?.message).toBe("Parameter group mine changed by Ada: databases, timeout.");
		await reset();
		expect((await theAssignment(host)).parameters).toContainEqual({
			name: "timeout",
			value: "0",
			live: true,
		});
	});

	it("leaves hosts alone when nothing in it changes", async () => {
		await create({ parameters: { timeout: "60" } });
		const host = await cacheUsing("mine");
		const { revision } = await host.state();
		await modify({ timeout: "60" });
		expect((await host.state()).revision).toBe(revision);
	});

	it("changes the memory for data with its reserve", async () => {
		await create();
		const host = await cacheUsing("mine");
		expect((await theAssignment(host)).maxmemoryBytes).toBe(0.375 * GIB);
		await modify({ "reserved-memory-percent": "50" });
		expect((await theAssignment(host)).maxmemoryBytes).toBe(0.25 * GIB);
		await reset(["reserved-memory-percent"]);
		expect((await theAssignment(host)).maxmemoryBytes).toBe(0.375 * GIB);
	});

	it("can neither be deleted nor change its cluster mode", async () => {
		await create();
		await cacheUsing("mine");
		expect((await get()).caches).toEqual(["orders"]);
		expect(await refusal(remove())).toMatchObject({
			code: "conflict",
			message: expect.stringMatching(
				/^Parameter group mine can't be deleted, because caches use it: orders\./,
			),
		});
		expect(await refusal(modify({ "cluster-enabled": "yes" }))).toMatchObject({
			code: "conflict",
			field: "parameters.cluster-enabled",
		});
		expect((await get()).clusterMode).toBe("disabled");
	});

	it("is reset except for the cluster mode, which can't change under its caches", async () => {
		await create({ parameters: { "cluster-enabled": "yes", timeout: "60" } });
		expect(parameterOf(await reset(), "cluster-enabled")?.value).toBe("no");
		await modify({ "cluster-enabled": "yes", timeout: "60" });
		await cacheUsing("mine");
		const after = await reset();
		expect(parameterOf(after, "timeout")).toMatchObject({ value: "0", source: "default" });
		expect(parameterOf(after, "cluster-enabled")).toMatchObject({ value: "yes", source: "user" });
		expect(await refusal(reset(["cluster-enabled"]))).toMatchObject({ code: "conflict" });
	});
});
