import { expect, it } from "vitest";
import { Outbox } from "./outbox.ts";

const METRICS = {
	...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
	...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
	replicationLagBytes: null,
};
const NODES = 8;
const ROUND_MS = 5_000;
const REPORT_EVERY_MS = 1_000;

it("samples stay recent on a machine that is busy for minutes", () => {
	const outbox = new Outbox();
	let waiting = 0;
	for (let now = 0; now < 300_000; now += REPORT_EVERY_MS) {
		if (now % ROUND_MS === 0) {
			for (let node = 0; node < NODES; node++) {
				outbox.addSample({ assignmentId: `${node}`, at: now, metrics: METRICS });
			}
			waiting += NODES;
		}
		const batch = outbox.batch();
		outbox.acknowledgeReadings(batch, now < 150_000 ? "slow" : "usual");
		waiting -= batch.metrics.length;
		if (now % ROUND_MS === ROUND_MS - REPORT_EVERY_MS) expect(waiting).toBe(0);
	}
});
