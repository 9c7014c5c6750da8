import { afterAll, beforeAll, expect, it } from "vitest";
import { killProgramsFor } from "../chaos/programs-killed.ts";
import { createRandom } from "../chaos/random.ts";
import { play, type Story } from "../chaos/stories/act.ts";
import { controlPlaneAway } from "../chaos/stories/control-plane-away.ts";
import { failoverAsked } from "../chaos/stories/failover-asked.ts";
import { primaryKilled } from "../chaos/stories/primary-killed.ts";
import { rebornEmpty } from "../chaos/stories/reborn-empty.ts";
import { twoLosses } from "../chaos/stories/two-losses.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";

const KILLING_SECONDS = 6;
const SEED = 4;

/** Real engines lose their primaries while they are written to. `npm run chaos` does it longer and in more ways. */
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

it("agents and control plane are killed every other second, and no client sees an error", async () => {
	const options = { seed: SEED, random: createRandom(SEED), log: () => {} };
	expect(await killProgramsFor({ ...options, seconds: KILLING_SECONDS })).toContain(
		"without an error",
	);
});
