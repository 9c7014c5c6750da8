import { busyPrimaries } from "./outside/busy-primaries.ts";
import { clusterBus } from "./outside/cluster-bus.ts";
import { clusterClients } from "./outside/cluster-clients.ts";
import { controlPlaneDiskFull } from "./outside/control-plane-disk-full.ts";
import { handOvers } from "./outside/hand-overs.ts";
import { hostileInput, hostileInputPostgres } from "./outside/hostile-input.ts";
import { kernelPath } from "./outside/kernel-path.ts";
import { upgrade, upgradeAgentFirst } from "./outside/upgrade.ts";
import type { Scenario } from "./scenario.ts";

/** Scenarios of other groups that belong to this one too. */
export const ALSO_OUTSIDE: readonly string[] = ["replica-returns-empty", "births-under-load"];

/** Faults that come from outside Larder: clients, strangers on the network, full disks, upgrades. */
export const OUTSIDE: readonly Scenario[] = [
	handOvers,
	kernelPath,
	clusterBus,
	clusterClients,
	controlPlaneDiskFull,
	busyPrimaries,
	hostileInput,
	hostileInputPostgres,
	upgrade,
	upgradeAgentFirst,
];
