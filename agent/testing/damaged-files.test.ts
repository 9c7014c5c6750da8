import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rememberKernelTable, removeKernelTables } from "../../platform/kernel-table.ts";
import { acquireLock } from "../../platform/process-lock.ts";
import { DAMAGES, type Damage } from "../../platform/testing/damages.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import { readBundle } from "../bundles/engine-store.ts";
import { readAgentConfig } from "../config.ts";
import { checkNodesFile, findNodesFileFault } from "../drivers/launch-nodes.ts";
import { openGatewayDirectory } from "../gateway/gateway-paths.ts";
import { HaproxyProcess } from "../gateway/haproxy-process.ts";
import { LeaderMap } from "../gateway/leader-map.ts";
import { instancePaths } from "../instances/instance-paths.ts";
import { readRecord } from "../instances/instance-record.ts";
import { openSentinelDirectory } from "../sentinel/sentinel-paths.ts";
import { SentinelProcess } from "../sentinel/sentinel-process.ts";
import { IdentityLostError, loadIdentity } from "../state/agent-identity.ts";
import { readDesiredCache } from "../state/desired-cache.ts";
import { LivenessWatch } from "../supervisor/liveness-watch.ts";

/** Id of the instance that is a cluster's node. */
const CLUSTERED = readdirSync(join(import.meta.dirname, "formats", "home", "instances")).find(
	(id) =>
		existsSync(join(import.meta.dirname, "formats", "home", "instances", id, "data", "nodes.conf")),
) as string;

let root: string;
let home: string;
let warnings: string[];
const logger = pino({ level: "warn" }, { write: (line) => warnings.push(line) });
beforeEach(() => {
	root = makeUglyDirectory("larder-damaged");
	home = join(root, "home");
	warnings = [];
	cpSync(join(import.meta.dirname, "formats"), root, { recursive: true });
});
afterEach(() => removeDirectory(root));

/** A file of the agent. Its reader must recover from damage, or say which file is damaged and what to do. */
interface Row {
	/** Path from the agent's home. */
	file: string;
	/** Makes the file, unless it is a recorded one. */
	make?(): Promise<void> | void;
	check(damage: Damage): Promise<void> | void;
}

const ROWS: readonly Row[] = [
	{
		file: "agent.lock",
		make: () => writeFileSync(join(home, "agent.lock"), JSON.stringify({ identity: {}, note: "" })),
		check: () => acquireLock(join(home, "agent.lock"), "the next agent").release(),
	},
	{
		file: "identity.json",
		async check(damage) {
			const copy = JSON.parse(readFileSync(join(home, "identity.copy.json"), "utf8"));
			expect(await loadIdentity(home, logger)).toEqual(copy);
			expect(JSON.parse(readFileSync(join(home, "identity.json"), "utf8"))).toEqual(copy);
			expect(warnings.length).toBe(damage === "missing" ? 0 : 1);
		},
	},
	{
		file: "identity.copy.json",
		async check() {
			const identity = await loadIdentity(home, logger);
			const copy = JSON.parse(readFileSync(join(home, "identity.copy.json"), "utf8"));
			expect(identity).toEqual(copy);
		},
	},
	{
		file: "desired.json",
		async check(damage) {
			expect(await readDesiredCache(home, logger)).toBeNull();
			if (damage !== "missing") expect(warnings.join()).toContain("waiting for the control plane");
		},
	},
	{
		file: `instances/${CLUSTERED}/state.json`,
		async check(damage) {
			const path = join(home, "instances", CLUSTERED, "state.json");
			if (damage === "missing") expect(await readRecord(path)).toBeNull();
			else await expect(readRecord(path)).rejects.toThrow(`${path} is damaged; the agent leaves`);
		},
	},
	{
		file: `instances/${CLUSTERED}/data/nodes.conf`,
		async check(damage) {
			const fault = await findNodesFileFault(instancePaths(home, CLUSTERED), "a".repeat(40));
			expect(fault).toBe(damage === "missing" ? "missing" : "damaged");
		},
	},
	{
		file: "gateway/state.json",
		async check(damage) {
			const paths = await openGatewayDirectory(home);
			const options = { paths, logger, liveness: new LivenessWatch() };
			const haproxy = new HaproxyProcess({ ...options, onEnd: () => {}, onNews: () => {} });
			await haproxy.adopt();
			expect(haproxy.record).toMatchObject({ identity: null, ports: [] });
			haproxy.release();
			expect(warnings.length).toBe(damage === "missing" ? 0 : 1);
		},
	},
	{
		file: "gateway/leaders.map",
		async check() {
			const { leadersMap, ...paths } = await openGatewayDirectory(home);
			await new LeaderMap({ ...paths, leadersMap }).write(
				new Map([["primary_1", { nodeId: "node-1", others: [] }]]),
			);
			expect(readFileSync(leadersMap, "utf8").trim()).toBe("primary_1 node-1");
		},
	},
	{
		file: "gateway/kernel-table.json",
		make: () => rememberKernelTable(home, "gateway", "/bin/true"),
		check: requireTablesNamed,
	},
	{
		file: "cluster-bus-table.json",
		make: () => rememberKernelTable(home, "cluster-bus", "/bin/true"),
		check: requireTablesNamed,
	},
	{
		file: "sentinel/state.json",
		async check(damage) {
			const paths = await openSentinelDirectory(home);
			const options = { paths, logger, liveness: new LivenessWatch(), bindAddress: "127.0.0.1" };
			const sentinel = new SentinelProcess({ ...options, onEnd: () => {} });
			await sentinel.adopt();
			expect(sentinel.record).toMatchObject({ identity: null, port: null, caches: {} });
			sentinel.release();
			expect(warnings.length).toBe(damage === "missing" ? 0 : 1);
		},
	},
	{
		file: "../store/bundle.json",
		async check() {
			expect(await readBundle(join(root, "store"))).toBeNull();
		},
	},
	{
		file: "join-token",
		make: () => writeFileSync(join(home, "join-token"), "larder_join_0123456789abcdef\n"),
		check(damage) {
			const joinTokenFile = join(home, "join-token");
			const read = () =>
				readAgentConfig(
					["--join-token-file", joinTokenFile, "--join", "http://10.0.0.1:3000", "--zone", "a"],
					{
						NODE_ENV: "test",
						LARDER_AGENT_ADDRESS: "10.0.0.2",
						LARDER_AGENT_NAME: "host",
						LARDER_AGENT_HOME: home,
					},
				);
			// The control plane will refuse such a token.
			if (damage === "garbage" || damage === "half") expect(read().joinToken).not.toBe("");
			else expect(read).toThrow(joinTokenFile);
		},
	},
];

async function requireTablesNamed(damage: Damage): Promise<void> {
	if (damage === "missing") expect(await removeKernelTables(home)).toBe(0);
	else {
		const command = expect.stringMatching(/^nft delete table ip larder_[0-9a-f]{16}; rm '\/.*'$/s);
		await expect(removeKernelTables(home)).rejects.toMatchObject({ commands: [command] });
	}
}

describe.each(ROWS)("$file", ({ file, make, check }) => {
	test.each(Object.keys(DAMAGES) as Damage[])("%s", async (damage) => {
		await make?.();
		DAMAGES[damage](join(home, file));
		await check(damage);
	});
});

test.each(["empty", "half", "garbage"] as const)(
	"both files of the identity: %s",
	async (damage) => {
		for (const name of ["identity.json", "identity.copy.json"]) DAMAGES[damage](join(home, name));
		const loading = loadIdentity(home, logger);
		await expect(loading).rejects.toThrow(IdentityLostError);
		await expect(loading).rejects.toThrow(/identity\.json is damaged.*hosts remove <host> --lost/);
	},
);

test("an intact file of one cluster node isn't taken for another node's", () => {
	const text = readFileSync(join(home, "instances", CLUSTERED, "data", "nodes.conf"), "utf8");
	expect(checkNodesFile(text, "a".repeat(40))).toBe("another-node");
});
