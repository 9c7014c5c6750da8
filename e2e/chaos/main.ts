/**
 * `npm run chaos [-- --only name,… --seed n --faults n --kind text --kills n --strikes n --seconds n --list]` runs real engines, agents and
 * control planes under faults of every kind. `--only` takes names of scenarios and the groups `outside`, `day-two` and `serverless`. A scenario fails
 * if a guarantee was broken, and prints the seed and where the logs are. `LARDER_CHAOS_CLIENTS` names a directory with client libraries
 * for the scenario `cluster-clients`.
 *
 * These failure stories of self-run caches can be staged on one machine:
 *
 *    1  reborn-empty[-unseen]   a primary is reborn empty before anyone notices
 *    2  old-primary-returns     the old primary comes back as primary
 *    3  two-losses              the second loss causes no failover
 *    4  random-faults, kinds    reboots and changes of engine versions, one by one
 *    6  recycled-port           a stranger on a node's address and port
 *  7, 8 reshard[-…]             shards added and removed amid kills, failovers and cancellations
 *   --  day-two-killed          the same for all kinds of changes, at random moments
 *    9  host-replaced           a primary with its replica on one host
 *   10  host-replaced           removed nodes come back as ghosts
 *   16  snapshots               restores, and snapshots, amid kills
 *   --  power-cut               all hosts lose power at once, with unsynced ends of append-only files
 *   18  disk-full               a full disk
 *   20  control-plane-lost      the control plane is gone for good
 *   --  network-cut             hosts that can't reach each other
 *   --  migrations              a cache takes the place of an engine or a cluster amid kills
 *   --  examples                applications at work through a failover, a scale-out and the control plane's death
 *
 * The others aren't here: tests in agent/supervisor cover 14 (memory), `npm run bench:failover` measures 15 (endless full
 * syncs) with data, and 19 needs several machines. Larder doesn't have the features of 5 (new addresses), 11 and 12 (rotated
 * passwords, user groups), 13 (certificates) and 17 (a backup before an engine upgrade) yet.
 */
import { parseArgs } from "node:util";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { isClosedConnection } from "../fixtures/closed-connections.ts";
import { birthsUnderLoad } from "./births-under-load.ts";
import { controlPlaneKilled } from "./control-plane-killed.ts";
import { DAY_TWO } from "./day-two.ts";
import { examples } from "./examples.ts";
import { metering } from "./metering.ts";
import { migrations } from "./migrations.ts";
import { networkCut } from "./network-cut.ts";
import { ALSO_OUTSIDE, OUTSIDE } from "./outside.ts";
import { powerCut } from "./power-cut.ts";
import { agentsKilled, programsKilled } from "./programs-killed.ts";
import { createRandom } from "./random.ts";
import { randomFaults } from "./random-faults.ts";
import type { Scenario, ScenarioOptions } from "./scenario.ts";
import { SERVERLESS } from "./serverless.ts";
import { snapshots } from "./snapshots.ts";
import { STORIES } from "./stories.ts";
import { waitOne } from "./wait-one.ts";

await cleanUpWhenCutShort();

const SCENARIOS: readonly Scenario[] = [
	...STORIES,
	birthsUnderLoad,
	controlPlaneKilled,
	programsKilled,
	agentsKilled,
	networkCut,
	randomFaults,
	waitOne,
	metering,
	snapshots,
	migrations,
	examples,
	powerCut,
	...OUTSIDE,
	...DAY_TWO,
	...SERVERLESS,
];
/** Names that stand for several scenarios. */
const GROUPS: Readonly<Record<string, readonly Scenario[]>> = {
	outside: [...OUTSIDE, ...SCENARIOS.filter(({ name }) => ALSO_OUTSIDE.includes(name))],
	"day-two": DAY_TWO,
	serverless: SERVERLESS,
};

const { values } = parseArgs({
	options: {
		only: { type: "string" },
		seed: { type: "string" },
		faults: { type: "string" },
		kind: { type: "string" },
		kills: { type: "string" },
		strikes: { type: "string" },
		seconds: { type: "string" },
		list: { type: "boolean", default: false },
	},
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const names = values.only
	?.split(",")
	.flatMap((name) => GROUPS[name]?.map((scenario) => scenario.name) ?? [name]);
const unknown = names?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown !== undefined) throw new Error(`no scenario ${unknown}; see --list`);

/** Errors of promises that a scenario hasn't awaited, or not yet. Without a listener, they end the process without a verdict. */
const strays: unknown[] = [];
process.on("unhandledRejection", (error) => {
	if (isClosedConnection(error)) return;
	console.log(`  nothing awaited this error: ${error instanceof Error ? error.stack : error}`);
	strays.push(error);
});
for (const scenario of SCENARIOS) {
	if (names !== undefined && !names.includes(scenario.name)) continue;
	if (values.list) console.log(`${scenario.name.padEnd(22)} ${scenario.description}`);
	else await runScenario(scenario);
}

async function runScenario(scenario: Scenario): Promise<void> {
	const why = scenario.whyNot?.() ?? null;
	if (why !== null) {
		console.log(`SKIPPED ${scenario.name}: ${why}`);
		return;
	}
	console.log(`\n${scenario.name}: ${scenario.description}`);
	const startedAt = performance.now();
	strays.length = 0;
	const options: ScenarioOptions = {
		seed,
		random: createRandom(seed),
		...(values.faults !== undefined && { faults: Number(values.faults) }),
		...(values.kind !== undefined && { kind: values.kind }),
		...(values.kills !== undefined && { kills: Number(values.kills) }),
		...(values.strikes !== undefined && { strikes: Number(values.strikes) }),
		...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
		log: (message) => console.log(`  ${message}`),
	};
	try {
		const found = await scenario.run(options);
		if (strays.length > 0) throw strays[0];
		const seconds = (performance.now() - startedAt) / 1_000;
		console.log(`PASSED ${scenario.name} (${seconds.toFixed(0)} s): ${found}`);
	} catch (error) {
		process.exitCode = 1;
		console.log(`FAILED ${scenario.name}: ${error instanceof Error ? error.message : error}`);
		console.log(`Again: npm run chaos -- --only ${scenario.name} --seed ${seed}`);
	}
}
