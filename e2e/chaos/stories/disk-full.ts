import { setTimeout as delay } from "node:timers/promises";
import { fillDisk, whyNoSmallDisk } from "../../../platform/testing/small-disk.ts";
import { hostPageSchema } from "../../../server/contract/host.ts";
import { hostPids } from "../../fixtures/host-processes.ts";
import type { AgentName, Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { Violation } from "../scenario.ts";
import { killNode, requireKept, type Story } from "./act.ts";

const HOST: AgentName = "local-a";
const DISK_MIB = 96;
const WATCH_EVERY_MS = 50;
const WATCHES = 200;
/** The most starts that back-off allows in ten seconds. */
const STARTS_MAX = 8;

/** The host's disk fills up, and then its node dies. */
export const diskFull: Story = {
	name: "disk-full",
	description: "on a full disk starts are bounded, other nodes serve, and more room ends it",
	body: { name: "full", replicasPerShard: 2 },
	whyNot: whyNoSmallDisk,
	installation: { smallDisks: { [HOST]: DISK_MIB } },
	async act(larder, cache) {
		const node = (await cache.whole()).shards[0]?.nodes.find(({ host }) => host === HOST);
		if (node === undefined) throw new Error(`no node on ${HOST}`);
		const makeRoom = fillDisk(larder.home.agentDir(HOST));
		const pids = new Set<number>();
		try {
			killNode(node);
			await cache.writesAgain();
			await untilWarned(larder, true);
			for (let watch = 0; watch < WATCHES; watch += 1) {
				for (const pid of hostPids(larder, HOST, "engine")) pids.add(pid);
				await delay(WATCH_EVERY_MS);
			}
			await cache.writesAgain();
		} finally {
			makeRoom();
		}
		if (pids.size > STARTS_MAX) throw new Violation(`${pids.size} starts in ten seconds`);
		await untilWarned(larder, false);
		await requireKept(cache);
		return `${pids.size} starts in ten seconds on a full disk, healthy again once there was room`;
	},
};

/** Waits until the host warns that its disk is full, or no longer does. */
function untilWarned(larder: Installation, isWarned: boolean): Promise<unknown> {
	return waitUntil(`${HOST} to ${isWarned ? "warn" : "stop warning"} of disk-full`, async () => {
		const { items } = hostPageSchema.parse((await larder.rest("GET", "/hosts")).body);
		const host = items.find(({ name }) => name === HOST);
		return host?.warnings.some(({ code }) => code === "disk-full") === isWarned;
	});
}
