import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MIB } from "../../contract/limits.ts";
import { familyOf } from "../../contract/offered-versions.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import {
	allowedText,
	checkOverrides,
	defaultGroupName,
	engineOf,
	PARAMETER_FAMILIES,
	type ParameterDefinition,
	parameterDefinition,
	parameterDefinitions,
	parseDefaultGroupName,
	resolveParameters,
	validateParameter,
} from "./index.ts";

const everyDefinition = PARAMETER_FAMILIES.flatMap((family) =>
	parameterDefinitions(family).map((definition) => ({ family, definition })),
);
const anyDefinition = fc.constantFrom(...everyDefinition);

function definitionOf(family: (typeof PARAMETER_FAMILIES)[number], name: string) {
	const definition = parameterDefinition(family, name);
	if (definition === undefined) throw new Error(`${family} has no ${name}`);
	return definition;
}

/** Values that the definition says are allowed. */
function allowedValue({ allowed, type }: ParameterDefinition): fc.Arbitrary<string> {
	switch (allowed?.kind) {
		case undefined:
			return fc.string();
		case "enum":
			return fc.constantFrom(...allowed.values);
		case "characters":
			return fc.string({ unit: fc.constantFrom(...allowed.characters), maxLength: 20 });
		case "range":
			return type === "float"
				? fc.double({ min: allowed.min, max: allowed.max, noNaN: true }).map((n) => n.toFixed(3))
				: fc.maxSafeInteger().map((n) => String(Math.min(allowed.max, Math.max(allowed.min, n))));
	}
}

describe("families and default groups", () => {
	it.each([
		["valkey", "9", "valkey9"],
		["valkey", "9.1.2", "valkey9"],
		["valkey", "10.0", "valkey9"],
		["valkey", "8.1", "valkey8"],
		["redis", "7.0.15", "redis7"],
		["memcached", "1.6", "memcached1.6"],
	] as const)("%s %s is of the family %s", (engine, version, family) => {
		expect(familyOf(engine, version)).toBe(family);
		expect(engineOf(family)).toBe(engine);
	});

	it("have unique names that can be parsed", () => {
		expect(defaultGroupName("valkey9", "enabled")).toBe("default.valkey9.cluster.on");
		expect(defaultGroupName("redis7", "disabled")).toBe("default.redis7");
		expect(defaultGroupName("memcached1.6", "enabled")).toBe("default.memcached1.6");
		for (const family of PARAMETER_FAMILIES) {
			expect(parseDefaultGroupName(defaultGroupName(family, "disabled"))).toEqual({
				family,
				clusterMode: "disabled",
			});
		}
		expect(parseDefaultGroupName("default.valkey9.cluster.on")?.clusterMode).toBe("enabled");
		expect(parseDefaultGroupName("default.memcached1.6.cluster.on")).toBeNull();
		expect(parseDefaultGroupName("mine")).toBeNull();
	});
});

describe("the catalog", () => {
	it("has each name once per family, and allows its own defaults", () => {
		for (const family of PARAMETER_FAMILIES) {
			const names = parameterDefinitions(family).map(({ name }) => name);
			expect(new Set(names).size).toBe(names.length);
		}
		for (const { definition } of everyDefinition) {
			expect(validateParameter(definition, definition.defaultValue)).toBeNull();
		}
	});
});

it("applies when-set parameters only at starts: a reset couldn't reach a running node", () => {
	for (const { definition } of everyDefinition) {
		if (definition.sent === "when-set") expect(definition.apply).toBe("requires-reboot");
	}
});

describe("validateParameter", () => {
	it("takes whatever the definition allows", () => {
		fc.assert(
			fc.property(
				anyDefinition.chain(({ definition }) =>
					fc.tuple(fc.constant(definition), allowedValue(definition)),
				),
				([definition, value]) => validateParameter(definition, value) === null,
			),
		);
	});

	it("takes only text that is one number within the range, and says which numbers are allowed", () => {
		const ranged = everyDefinition.filter(({ definition }) => definition.allowed?.kind === "range");
		fc.assert(
			fc.property(fc.constantFrom(...ranged), fc.string(), ({ definition }, text) => {
				const refusal = validateParameter(definition, text);
				if (refusal !== null)
					return refusal.includes(allowedText(definition.allowed)?.at(-1) ?? "");
				const [min, max] =
					definition.allowed?.kind === "range"
						? [definition.allowed.min, definition.allowed.max]
						: [0, 0];
				return text.trim() === text && Number(text) >= min && Number(text) <= max;
			}),
		);
	});

	it.each(["", " 5", "5 ", "0x10", "1e3", "5.0", "Infinity", "NaN", "65", "0", "-1", "5\n"])(
		"refuses %j for a whole number from 1 to 64",
		(value) => {
			expect(validateParameter(definitionOf("valkey9", "maxmemory-samples"), value)).toBe(
				"maxmemory-samples must be a whole number from 1 to 64",
			);
		},
	);
});

describe("checkOverrides", () => {
	it("names what is unknown, what is fixed and what is bad", () => {
		expect(
			checkOverrides("redis7", {
				"maxmemory-policy": "allkeys-lru",
				"maxmemory-polcy": "allkeys-lru",
				appendonly: "yes",
				timeout: "soon",
				"set-max-listpack-entries": "1",
			}),
		).toEqual([
			{
				name: "maxmemory-polcy",
				message: "maxmemory-polcy isn't a parameter of the family redis7",
			},
			{ name: "appendonly", message: "appendonly can't be changed; it is always no" },
			{ name: "timeout", message: "timeout must be a whole number from 0 to 2147483647" },
			{
				name: "set-max-listpack-entries",
				message: "set-max-listpack-entries isn't a parameter of the family redis7",
			},
		]);
	});
});

describe("resolveParameters", () => {
	const resolved = (
		family: (typeof PARAMETER_FAMILIES)[number],
		overrides: Record<string, string> = {},
		clusterMode: "enabled" | "disabled" = "disabled",
		replicasPerShard = 0,
	) =>
		new Map(
			resolveParameters({ family, clusterMode, replicasPerShard, overrides }).map(
				({ name, ...rest }) => [name, rest],
			),
		);

	it("sends defaults too, so that a reset reaches a running node", () => {
		expect(resolved("valkey9", { timeout: "60" }).get("timeout")).toEqual({
			value: "60",
			live: true,
		});
		expect(resolved("valkey9").get("timeout")).toEqual({ value: "0", live: true });
		expect(resolved("valkey9").get("maxmemory-policy")?.value).toBe("volatile-lru");
	});

	it("marks parameters that only a start can apply", () => {
		expect(resolved("valkey8", { "io-threads": "2" }).get("io-threads")?.live).toBe(false);
		expect(resolved("valkey9").has("io-threads")).toBe(false);
		expect(resolved("redis7").get("databases")?.live).toBe(false);
	});

	it("doesn't send parameters that aren't the engine's or belong to the agent", () => {
		const names = [...resolved("valkey9", { "reserved-memory-percent": "10" }).keys()];
		for (const name of ["reserved-memory-percent", "cluster-enabled", "maxclients", "io-threads"]) {
			expect(names).not.toContain(name);
		}
	});

	it("sends cluster settings only to clusters", () => {
		const on = resolved("valkey9", {}, "enabled");
		const off = resolved("valkey9");
		expect(on.get("cluster-require-full-coverage")?.value).toBe("no");
		expect(on.has("databases")).toBe(false);
		expect(off.has("cluster-require-full-coverage")).toBe(false);
		expect(off.get("databases")?.value).toBe("16");
	});

	it.each([
		[0, {}, "0", "10"],
		[1, {}, "0", "10"],
		[2, {}, "1", "3"],
		[5, {}, "1", "3"],
		[2, { "min-replicas-to-write": "0" }, "0", "3"],
		[2, { "min-replicas-max-lag": "10" }, "1", "10"],
		[1, { "min-replicas-to-write": "1" }, "1", "10"],
	])(
		"with %s replicas and the overrides %j, sets whether an isolated primary stops writes",
		(replicas, overrides, toWrite, maxLag) => {
			for (const family of ["valkey9", "valkey8", "redis7"] as const) {
				for (const clusterMode of ["enabled", "disabled"] as const) {
					const parameters = resolved(family, overrides, clusterMode, replicas);
					expect(parameters.get("min-replicas-to-write")).toEqual({ value: toWrite, live: true });
					expect(parameters.get("min-replicas-max-lag")).toEqual({ value: maxLag, live: true });
				}
			}
		},
	);

	it("joins output buffer limits into the engine's one setting", () => {
		const limits = resolved("redis7", { "client-output-buffer-limit-pubsub-hard-limit": "5" });
		expect(limits.get("client-output-buffer-limit")?.value).toBe(
			"normal 0 0 0 slave 268435456 67108864 60 pubsub 5 8388608 60",
		);
	});

	it.each([
		["KEA", "AKE"],
		["xdK", "xdK"],
		["KEg$lshzxetdm", "AKEm"],
		["ggEEl", "glE"],
		["", ""],
	])("shows keyspace events %s as the engine does, %s", (value, shown) => {
		const parameters = resolved("valkey9", { "notify-keyspace-events": value });
		expect(parameters.get("notify-keyspace-events")?.value).toBe(shown);
	});

	it("gives Memcached options for what differs, and a maximum item size that it accepts", () => {
		expect(resolved("memcached1.6").size).toBe(0);
		const parameters = resolved("memcached1.6", {
			max_item_size: "1048577",
			lru_crawler: "0",
			cas_disabled: "1",
			idle_timeout: "60",
			memcached_connections_overhead: "50",
			verbosity: "2",
		});
		expect(Object.fromEntries([...parameters].map(([name, { value }]) => [name, value]))).toEqual({
			"max-item-size": "1572864",
			no_lru_crawler: "",
			"disable-cas": "",
			idle_timeout: "60",
			verbose: "v",
		});
	});

	it("fits into an assignment whatever is overridden", () => {
		for (const family of PARAMETER_FAMILIES) {
			const overrides = Object.fromEntries(
				parameterDefinitions(family).map(({ name, defaultValue }) => [name, defaultValue]),
			);
			const parameters = resolveParameters({
				family,
				clusterMode: "enabled",
				replicasPerShard: 2,
				overrides,
			});
			expect(parameters.length).toBeLessThan(500);
			expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
		}
	});
});

describe("usableMemoryBytes", () => {
	const usable = (engine: "valkey" | "memcached", mib: number, overrides = {}) =>
		usableMemoryBytes({ engine, memoryBytes: mib * MIB, overrides }) / MIB;

	it("reserves a quarter unless the group says otherwise", () => {
		expect(usable("valkey", 1_024)).toBe(768);
		expect(usable("valkey", 1_024, { "reserved-memory-percent": "50" })).toBe(512);
		expect(usable("valkey", 1_024, { "reserved-memory-percent": "0" })).toBe(1_024);
	});

	it("reserves Memcached's connection overhead, at most a quarter", () => {
		expect(usable("memcached", 1_024)).toBe(924);
		expect(usable("memcached", 100)).toBe(75);
		expect(usable("memcached", 1_024, { memcached_connections_overhead: "200" })).toBe(824);
	});

	it("is never 0, which would mean no limit", () => {
		expect(
			usableMemoryBytes({
				engine: "valkey",
				memoryBytes: MIB,
				overrides: { "reserved-memory-percent": "100" },
			}),
		).toBe(1);
	});
});
