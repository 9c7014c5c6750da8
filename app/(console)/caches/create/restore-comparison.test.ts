import { expect, it } from "vitest";
import type { CacheBuild } from "../../../../server/contract/creation-preview.ts";
import { compareBuilds } from "./restore-comparison.ts";

const WAS: CacheBuild = {
	kind: "provisioned",
	engine: "valkey",
	engineVersion: "8.1.4",
	clusterMode: "disabled",
	shards: 1,
	replicasPerShard: 1,
	nodeType: "cache.t4g.micro",
	parameterGroup: "default.valkey8",
	persistence: "none",
};

const different = (will: Partial<CacheBuild>) =>
	compareBuilds(WAS, { ...WAS, ...will }).flatMap(({ label, isSame }) => (isSame ? [] : label));

it("finds a later patch of the same version no difference, and another version one", () => {
	expect(different({ engineVersion: "8.1" })).toEqual([]);
	expect(different({ engineVersion: "8.10" })).toEqual(["Engine"]);
	expect(different({ engineVersion: "9.0" })).toEqual(["Engine"]);
	expect(different({ engine: "redis", engineVersion: "8.1" })).toEqual(["Engine"]);
});

it("names each difference, and what it means for keys and clients", () => {
	const will = { ...WAS, clusterMode: "enabled", shards: 3, nodeType: "cache.t4g.small" } as const;
	expect(different({ persistence: "aof-always" })).toEqual(["Persistence"]);
	expect(different(will)).toEqual(["Cluster mode", "Shards", "Node type"]);
	const notes = compareBuilds(WAS, will).flatMap(({ note }) => note ?? []);
	expect(notes).toEqual([
		"Clients must speak the cluster protocol.",
		"Larder distributes the keys by their slots.",
	]);
});

it("leaves out nodes, which a serverless cache's creator doesn't choose", () => {
	const labels = compareBuilds(WAS, { ...WAS, kind: "serverless", nodeType: "serverless" });
	expect(labels.map(({ label }) => label)).not.toContain("Node type");
});
