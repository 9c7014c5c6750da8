import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { ensureEngine } from "../bundles/index.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually, freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { makeCluster, wantedView } from "../testing/clusters.ts";

/** The stranger's address, which belongs to no member. */
const ELSEWHERE = "127.0.1.66";

let host: TestHost;
const strangers: Stranger[] = [];

beforeEach(async () => {
	host = new TestHost("127.0.1.15");
	await host.plane.start();
});
afterEach(async () => {
	await Promise.all(strangers.splice(0).map((stranger) => stranger.dispose()));
	await host.dispose();
});

/** A foreign server with cluster mode on that knows no password but can reach a bus port. */
class Stranger {
	private readonly directory = mkdtempSync(join(tmpdir(), "larder-stranger-test-"));
	private child: ChildProcess | null = null;
	private connection: EngineConnection | null = null;
	id = "";

	async start(flavor: Pick<Assignment, "engine" | "engineVersion">): Promise<void> {
		const { engine, engineVersion: version } = flavor;
		const { server } = await ensureEngine({ engine, version });
		const port = await freePort(ELSEWHERE);
		const settings = {
			...{ port, bind: ELSEWHERE, "cluster-announce-ip": ELSEWHERE },
			...{ "cluster-enabled": "yes", "protected-mode": "no" },
		};
		const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
		this.child = spawn(server, args, { cwd: this.directory, stdio: "ignore" });
		const login = { username: "default", password: "any" };
		await eventually("the stranger answers", async () => {
			this.connection = await EngineConnection.open(
				{ host: ELSEWHERE, port, ...login },
				1_000,
			).catch(() => null);
			return this.connection !== null;
		});
		this.id = String(await this.ask("CLUSTER", "MYID"));
	}

	async ask(...words: string[]) {
		return await this.connection?.command(words, 20_000);
	}

	/** Claims slots in an epoch newer than any, and introduces itself to a node. */
	async claim(first: number, last: number, node: Assignment, epoch: number): Promise<void> {
		await this.ask("CLUSTER", "SET-CONFIG-EPOCH", `${epoch}`);
		await this.ask("CLUSTER", "ADDSLOTSRANGE", `${first}`, `${last}`);
		const bus = `${node.port + CLUSTER_BUS_OFFSET}`;
		await this.ask("CLUSTER", "MEET", host.address, `${node.port}`, bus);
	}

	async dispose(): Promise<void> {
		this.connection?.close();
		if (this.child !== null) await killChild(this.child);
		rmSync(this.directory, { recursive: true, force: true });
	}
}

/** What each node knows about the cluster; throws if one of them doesn't answer. */
async function nodesTexts(nodes: readonly Assignment[]): Promise<string[]> {
	return await Promise.all(
		nodes.map(async ({ port }) => {
			const client = await host.connect(port, "larder");
			const text = String(await client.command(["CLUSTER", "NODES"], 20_000));
			client.close();
			return text;
		}),
	);
}

function epochsIn(nodesText: string): number[] {
	return nodesText.split("\n").map((line) => Number(line.split(" ")[6]));
}

test.each([
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "redis", engineVersion: "7" },
] as const)(
	"nodes of $engine $engineVersion take back what a stranger claims through the cluster bus, and forget the stranger",
	async (flavor) => {
		const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavor });
		const [node] = nodes;
		if (node === undefined) throw new Error("no cluster");
		host.startAgent();
		host.plane.setAssignments(nodes);
		const isWhole = () =>
			nodes.every(({ id, cluster, role }) => {
				const state = host.plane.observationOf(id)?.engineState;
				const view = cluster === null ? "" : wantedView(cluster);
				return state?.role === role.kind && state.cluster?.ok && state.cluster.view === view;
			});
		await host.plane.until("every node shows the whole cluster", isWhole);
		for (const { what, first, last } of [
			{ what: "one slot", first: 42, last: 42 },
			{ what: "all slots of a primary, which then follows the stranger", first: 0, last: 5_460 },
			{ what: "all slots", first: 0, last: 16_383 },
		]) {
			const stranger = new Stranger();
			strangers.push(stranger);
			await stranger.start(flavor);
			const epoch = 1_000 * strangers.length;
			await stranger.claim(first, last, node, epoch);
			// Some node shows the stranger's epoch, or the newer one of a node that has already taken the slots back.
			await eventually(`${what}: the stranger is believed`, async () =>
				(await nodesTexts(nodes)).some((text) => epochsIn(text).some((each) => each >= epoch)),
			);
			const since = performance.now();
			await eventually(`${what}: no node knows it, all show the cluster`, async () => {
				const texts = await nodesTexts(nodes);
				return isWhole() && texts.every((text) => !text.includes(stranger.id));
			});
			const tookMs = Math.round(performance.now() - since);
			if (process.env.LARDER_TEST_TIMES) console.log(flavor, what, `${tookMs} ms`);
		}
		const client = await host.connect(node.port);
		// What agents reported may be from before; a primary that has just got its slots back refuses clients for a moment.
		await eventually("clients can write", () =>
			client.command(["SET", "{3560}", "of slot 0"], 20_000).then(
				(answer) => answer === "OK",
				() => false,
			),
		);
		client.close();
	},
);
