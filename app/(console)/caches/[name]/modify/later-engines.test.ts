import { expect, test } from "vitest";
import { laterEngines } from "./later-engines.ts";

const onHosts = [
	{ engine: "valkey", version: "9.10.0", hosts: ["a"], isDefault: true },
	{ engine: "valkey", version: "9.9.1", hosts: ["a", "b"], isDefault: false },
	{ engine: "redis", version: "7.0.15", hosts: ["a"], isDefault: true },
] as const;
const offered = (engine: "valkey" | "redis" | "memcached", engineVersion: string) =>
	laterEngines(
		{ engine, engineVersion },
		onHosts.map((each) => ({ ...each, hosts: [...each.hosts] })),
	).map(({ label }) => label);

test("a cache is offered later majors, and later versions of its engine that hosts have", () => {
	expect(offered("valkey", "9.9.1")).toEqual(["Valkey 9.10.0"]);
	expect(offered("valkey", "9.10.0")).toEqual([]);
	expect(offered("valkey", "8.1.1")).toEqual(["Valkey 9", "Valkey 9.10.0", "Valkey 9.9.1"]);
	expect(offered("redis", "7.0.15")).toEqual(["Valkey 9", "Valkey 8"]);
	expect(offered("memcached", "1.6.45")).toEqual([]);
});
