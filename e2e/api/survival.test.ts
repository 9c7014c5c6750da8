import { afterAll, beforeAll, expect, it } from "vitest";
import { play, type Story } from "../chaos/stories/act.ts";
import { controlPlaneAway } from "../chaos/stories/control-plane-away.ts";
import { failoverAsked } from "../chaos/stories/failover-asked.ts";
import { primaryKilled } from "../chaos/stories/primary-killed.ts";
import { rebornEmpty } from "../chaos/stories/reborn-empty.ts";
import { twoLosses } from "../chaos/stories/two-losses.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";

/**
 * Caches lose primaries or the control plane while clients write to them. `npm run chaos` does this for longer and in
 * more ways.
 */
let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

it.each<[string, Story]>(
	[primaryKilled, failoverAsked, rebornEmpty, controlPlaneAway, twoLosses].map((story) => [
		story.description,
		story,
	]),
)("%s", async (_description, story) => {
	expect(await play(larder, story)).not.toBe("");
});
