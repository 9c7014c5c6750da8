import { setTimeout as delay } from "node:timers/promises";
import { signalAll } from "../../fixtures/host-processes.ts";
import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { Violation } from "../scenario.ts";
import { killNode, requireKept, type Story } from "./act.ts";

const ROUNDS = 5;
/** Longer than a hung primary with a replica in sync may be silent. */
const SILENT_MS = 6_000;

/** The only replica restarts without data while its primary doesn't answer: it must not lead before it has synced. */
export const replicaReturnsEmpty: Story = {
	name: "replica-returns-empty",
	description:
		"a replica that restarted empty never takes over, however long its primary is silent",
	body: { name: "hollow", replicasPerShard: 1 },
	async act(larder, cache) {
		let unreplicated = 0;
		for (let round = 0; round < ROUNDS; round += 1) {
			const whole = await cache.whole();
			await waitForSentinels(larder, larder.agentNames, whole, null);
			const primary = await cache.primaryOf("0001");
			const replica = whole.shards[0]?.nodes.find(({ id }) => id !== primary.id);
			if (replica === undefined || primary.pid === null)
				throw new Violation("no pair to begin with");
			killNode(replica);
			signalAll([primary.pid], "SIGSTOP");
			await delay(SILENT_MS);
			signalAll([primary.pid], "SIGCONT");
			unreplicated += (await requireKept(cache)).plain;
		}
		return `${ROUNDS} times no replicated write was lost; ${unreplicated} unreplicated ones were`;
	},
};
