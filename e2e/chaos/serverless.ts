import { serverlessProtocol } from "./cluster-mode.ts";
import type { Scenario } from "./scenario.ts";
import { serverlessAsleep } from "./serverless/asleep.ts";
import { serverlessCrowded } from "./serverless/crowded.ts";
import { serverlessKilled } from "./serverless/killed.ts";
import { serverlessEcpus, serverlessStorage } from "./serverless/maxima.ts";
import { serverlessMemcached } from "./serverless/memcached.ts";
import { serverlessQueue } from "./serverless/queue.ts";

/** Caches whose capacity follows their load. */
export const SERVERLESS: readonly Scenario[] = [
	...[
		serverlessAsleep,
		serverlessProtocol,
		serverlessStorage,
		serverlessEcpus,
		serverlessCrowded,
		serverlessKilled,
		serverlessQueue,
		serverlessMemcached,
	],
];
