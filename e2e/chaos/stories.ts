import type { Scenario } from "./scenario.ts";
import { storyScenario } from "./stories/act.ts";
import { controlPlaneAway } from "./stories/control-plane-away.ts";
import { controlPlaneLost } from "./stories/control-plane-lost.ts";
import { diskFull } from "./stories/disk-full.ts";
import { failoverAsked } from "./stories/failover-asked.ts";
import { hostReplaced } from "./stories/host-replaced.ts";
import { oldPrimaryReturns } from "./stories/old-primary-returns.ts";
import { primaryKilled } from "./stories/primary-killed.ts";
import { rebornEmpty, rebornEmptyUnseen } from "./stories/reborn-empty.ts";
import { recycledPort } from "./stories/recycled-port.ts";
import { replicaReturnsEmpty } from "./stories/replica-returns-empty.ts";
import { twoLosses } from "./stories/two-losses.ts";

export const STORIES: readonly Scenario[] = [
	primaryKilled,
	failoverAsked,
	controlPlaneAway,
	rebornEmpty,
	rebornEmptyUnseen,
	replicaReturnsEmpty,
	oldPrimaryReturns,
	twoLosses,
	recycledPort,
	hostReplaced,
	diskFull,
	controlPlaneLost,
].map(storyScenario);
