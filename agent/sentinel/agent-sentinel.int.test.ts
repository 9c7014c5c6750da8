import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Route } from "../../server/contract/routes.ts";
import { ensureEngine } from "../bundles/index.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { instancePaths } from "../instances/instance-paths.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment, SENTINEL_USER_PASSWORD } from "../testing/assignments.ts";
import { findSentinel } from "../testing/find-programs.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.11");
	await host.plane.start();
});
afterEach(() => host.dispose());

const login = { username: "larder-sentinel", password: SENTINEL_USER_PASSWORD };

test("a host watches the caches in its route table, reports them, and keeps all files private", async () => {
	host.startAgent();
	await host.plane.until("it reports no Sentinel", () => host.plane.sentinel?.phase === "off");
	expect(findSentinel(host.homeDir)).toBeNull();
	const assignment = makeAssignment({ port: await freePort(host.address) });
	const { id: nodeId, port } = assignment;
	const route: Route = {
		...{ cacheId: "cache-1", cacheName: assignment.cacheName, engine: "valkey" },
		ports: { primary: null, reader: null, configuration: null },
		servers: [{ nodeId, host: host.address, port, leads: true }],
		...{ check: null, discovery: null, tcpKeepaliveSeconds: 300 },
		sentinel: { hosts: [host.plane.hostId], quorum: 1, ...login },
	};
	host.plane.setAssignments([assignment]);
	host.plane.setRoutes([route]);
	const watched = () => host.plane.sentinel?.caches[0];
	await host.plane.until("the cache is watched", watched);
	expect(watched()).toEqual({
		...{ cacheId: "cache-1", peers: 0, failoverUnderWay: false },
		primary: { host: host.address, port },
	});
	expect(host.plane.sentinel).toMatchObject({ phase: "running", reason: null });

	await host.plane.until("the engine runs", () => {
		return host.plane.observationOf(nodeId)?.phase === "running";
	});
	// As Sentinel does when it promotes a replica.
	const engine = await EngineConnection.open({ host: host.address, port, ...login }, 2_000);
	expect(await engine.command(["CONFIG", "REWRITE"], 20_000)).toBe("OK");
	engine.close();
	const { configuration, acl } = instancePaths(host.homeDir, nodeId);
	const sentinelFile = join(host.homeDir, "sentinel", "sentinel.conf");
	await eventually("Sentinel has written its file", () => statSync(sentinelFile).size > 500);
	for (const file of [configuration, acl, sentinelFile]) {
		expect(statSync(file).mode & 0o777).toBe(0o600);
	}

	host.plane.setRoutes([]);
	await host.plane.until("it is forgotten", () => host.plane.sentinel?.caches.length === 0);
});
