import { pino } from "pino";
import { expect, test } from "vitest";
import { instancePaths } from "../instances/instance-paths.ts";
import { makeAssignment, SYSTEM_PASSWORD } from "../testing/assignments.ts";
import type { LaunchContext } from "./driver.ts";
import { valkeyDriver } from "./valkey.ts";
import { renderAcl } from "./valkey-acl.ts";
import { NO_PRIMARY_YET, renderConfiguration } from "./valkey-configuration.ts";
import { countKeys, parseInfo, readEngineState } from "./valkey-info.ts";

const replica = makeAssignment({
	port: 7001,
	role: { kind: "replica", of: { host: "10.0.0.1", port: 7000 } },
});
const context = {
	assignment: replica,
	paths: instancePaths("/srv/with space/agent", replica.id),
	bindAddress: "10.0.0.2",
	advertisedAddress: "cache.example",
	kind: "again",
	refusedParameters: {},
	restoreFile: null,
	fromAppendFiles: false,
	logger: pino({ level: "silent" }),
} satisfies LaunchContext;
const render = (changes: Partial<LaunchContext> = {}) =>
	renderConfiguration({ ...context, ...changes }, context.advertisedAddress);

test("a home's path is quoted, whatever characters it has, and the engine's own file is named without it", () => {
	const ugly = instancePaths(`/srv/a b,c'd"é #1 $x [1]/agent`, replica.id);
	const lines = render({ paths: ugly }).split("\n");
	for (const setting of ["aclfile", "pidfile", "logfile", "dir"]) {
		const line = lines.find((each) => each.startsWith(`${setting} `));
		expect(line).toMatch(/^[a-z]+ "\/srv\/a b,c'd\\"\\xc3\\xa9 #1 \$x \[1\]\/agent\/[^"]+"$/);
	}
	const [file] = valkeyDriver("valkey").launchArguments({ ...context, paths: ugly });
	expect(file).toBe("/proc/self/cwd/engine.conf");
});

test("the user file holds hashes, not passwords", () => {
	const acl = renderAcl(replica);
	expect(acl).not.toContain(SYSTEM_PASSWORD);
	expect(acl).toMatch(/^user default on #[0-9a-f]{64} ~\* &\* \+@all -acl /m);
	expect(acl).toMatch(/^user larder on #[0-9a-f]{64} ~\* &\* \+@all$/m);
	expect(
		renderAcl({ ...replica, auth: { ...replica.auth, clientPasswordSha256: null } }),
	).toContain("default on nopass ");
});

test("the gateway may ask only for role and health; only Valkey gets commands that Redis OSS doesn't have", () => {
	expect(renderAcl(replica)).toMatch(
		/^user larder-gateway on #[0-9a-f]{64} resetkeys resetchannels -@all \+ping \+role \+cluster\|info$/m,
	);
	expect(renderAcl(replica)).toContain(" +cluster|myshardid");
	expect(renderAcl(replica)).toContain("getslotmigrations");
	expect(renderAcl({ ...replica, engineVersion: "8.1" })).not.toContain("getslotmigrations");
	expect(renderAcl({ ...replica, engine: "redis" })).not.toContain("myshardid");
	expect(render()).toContain("dual-channel-replication-enabled yes\n");
	expect(render({ assignment: { ...replica, engine: "redis" } })).not.toContain("dual-channel");
});

test("parameters come after Larder's defaults and before the settings that Larder depends on", () => {
	const parameters = [
		{ name: "maxmemory-policy", value: "allkeys-lru", live: true },
		{ name: "client-output-buffer-limit", value: "normal 0 0 0", live: true },
		{ name: "notify-keyspace-events", value: "", live: true },
		{ name: "hz", value: "1000000", live: true },
		{ name: "replicaof", value: "1.2.3.4 5", live: false },
	];
	const text = render({
		assignment: { ...replica, parameters },
		refusedParameters: { hz: "1000000", "maxmemory-policy": "another" },
	});
	expect(text.lastIndexOf("maxmemory-policy allkeys-lru")).toBeGreaterThan(
		text.indexOf("maxmemory-policy volatile-lru"),
	);
	expect(text).toContain("\nclient-output-buffer-limit normal 0 0 0\n");
	expect(text).toContain('\nnotify-keyspace-events ""\n');
	expect(text).not.toContain("hz ");
	expect(text).not.toContain("1.2.3.4");
});

test("a cluster node replicates as its cluster says, never by its configuration", () => {
	const nodeId = "a".repeat(40);
	const members = [{ nodeId, host: "10.0.0.2", port: 7001 }];
	const cluster = { nodeId, former: [], shards: [{ slots: [], primary: nodeId, members }] };
	const text = render({ assignment: { ...replica, cluster } });
	expect(text).toContain("\ncluster-enabled yes\n");
	expect(text).toContain("\ncluster-port 17001\n");
	expect(text).not.toContain("replicaof");
});

test("a replica is configured as a replica at every launch", () => {
	const { host, port } = NO_PRIMARY_YET;
	expect(render()).toContain("\nreplicaof 10.0.0.1 7000\n");
	const first = render({ kind: "first" });
	expect(first).toContain(`\nreplicaof ${host} ${port}\n`);
	const primary = makeAssignment({ port: 7000 });
	expect(render({ assignment: primary })).not.toContain("replicaof");
});

test("a replica starts without the right to lead, and a primary with it", () => {
	expect(render()).toContain("\nreplica-priority 0\n");
	expect(render({ kind: "reboot" })).toContain("\nreplica-priority 0\n");
	const primary = makeAssignment({ port: 7000 });
	expect(render({ assignment: primary })).toContain("\nreplica-priority 100\n");
	const nodeId = "a".repeat(40);
	const members = [{ nodeId, host: "10.0.0.2", port: 7001 }];
	const cluster = { nodeId, former: [], shards: [{ slots: [], primary: nodeId, members }] };
	const votes = (assignment: typeof replica) => {
		const text = render({ assignment: { ...assignment, cluster } });
		return /\ncluster-replica-no-failover (\w+)\n/.exec(text)?.[1];
	};
	expect([votes(replica), votes(primary)]).toEqual(["yes", "no"]);
});

test("values with characters that aren't part of a word are quoted", () => {
	const text = render();
	expect(text).toContain('\ndir "/srv/with space/agent/instances/');
	const parameters = [{ name: "notify-keyspace-events", value: 'a"b\\c\n#ü', live: true }];
	const quoted = render({ assignment: { ...replica, parameters } });
	expect(quoted).toContain('\nnotify-keyspace-events "a\\"b\\\\c\\x0a#\\xc3\\xbc"\n');
});

test("an assignment can't name a directory outside the agent's home", () => {
	for (const id of ["../other", "a/b", "", ".", "..", "a\0b"]) {
		expect(() => instancePaths("/srv/agent", id)).toThrow("isn't a valid directory name");
	}
});

test("roles, links and replicas are read from INFO", () => {
	const head =
		"# Server\r\nvalkey_version:9.1.2\r\nprocess_id:77\r\nloading:0\r\nasync_loading:0\r\n";
	const primary = readEngineState(
		parseInfo(
			`${head}role:master\r\nmaster_repl_offset:99\r\nslave0:ip=a,port=1,state=online,offset=9,lag=0\r\nslave1:ip=b,port=1,state=wait_bgsave,offset=0,lag=0\r\n`,
		),
	);
	expect(primary).toEqual({
		...{ processId: 77, version: "9.1.2", role: "primary", loading: false, linkUp: true },
		synced: true,
		...{ primaryHost: null, primaryPort: null, offset: 99, onlineReplicas: 1 },
		cluster: null,
	});
	const follower = readEngineState(
		parseInfo(
			`${head}role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:7000\r\nmaster_link_status:down\r\nslave_repl_offset:5\r\nmaster_repl_offset:6\r\n`,
		),
	);
	expect(follower).toMatchObject({
		...{ role: "replica", linkUp: false, primaryHost: "10.0.0.1", primaryPort: 7000, offset: 5 },
	});
	expect(countKeys(parseInfo("db0:keys=3,expires=0\r\ndb12:keys=4,expires=1\r\n"))).toBe(7);
});
