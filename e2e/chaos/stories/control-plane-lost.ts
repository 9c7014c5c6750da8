import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "../../fixtures/installation.ts";
import { runLarder } from "../../fixtures/larder-command.ts";
import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { Violation } from "../scenario.ts";
import { killNode, nextPrimary, requireKept, type Story } from "./act.ts";

/** The machine with the control plane is gone with all its files; a backup is all that is left. */
export const controlPlaneLost: Story = {
	name: "control-plane-lost",
	description: "engines serve and fail over unaided, and a rebuilt control plane adopts them",
	body: { name: "unmanaged", replicasPerShard: 2 },
	async act(larder, cache) {
		const backup = join(larder.home.root, "larder.backup");
		await run(larder, "backup", backup, "--no-passphrase");
		await waitForSentinels(larder, larder.agentNames, await cache.whole(), null);
		await larder.killControlPlane();
		rmSync(larder.home.databaseDir, { recursive: true });
		rmSync(join(larder.home.root, "secret.key"));

		const victim = await cache.primaryOf("0001");
		killNode(victim);
		const chosen = await nextPrimary(cache, victim);
		await cache.writesAgain();
		const running = larder.engines().map(({ pid }) => pid);

		await run(larder, "restore", backup);
		await larder.startControlPlane();
		await requireKept(cache);
		const leads = await cache.primaryOf("0001");
		if (leads.id !== chosen.id) throw new Violation(`${leads.id} leads, not ${chosen.id}`);
		const after = new Set(larder.engines().map(({ pid }) => pid));
		const ended = running.find((pid) => !after.has(pid));
		if (ended !== undefined) throw new Violation(`engine ${ended} didn't outlive the restore`);
		return `${chosen.id} took over meanwhile, and the restored control plane found that it leads`;
	},
};

async function run(larder: Installation, ...args: string[]): Promise<void> {
	const { exitCode, stderr } = await runLarder(args, { LARDER_HOME: larder.home.root });
	if (exitCode !== 0) throw new Error(`larder ${args[0]}: ${stderr}`);
}
