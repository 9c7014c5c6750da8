import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { killChild, TestHost } from "../testing/agent-fixture.ts";

const AGENTS_KILLED = 4;
/** A killed agent may have counted what didn't leave. */
const UNSENT_BYTES = 1_000;

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.61");
	await host.plane.start();
});
afterEach(() => host.dispose());

test.for(["valkey", "memcached"] as const)(
	"agents know what they have moved to and from %s, however many of them are killed",
	async (engine) => {
		const memcached = { engine, engineVersion: "1.6", role: { kind: "node" } } as const;
		const assignment = await host.assign(engine === "valkey" ? {} : memcached);
		for (let agent = 0; agent <= AGENTS_KILLED; agent += 1) {
			host.plane.observations = null;
			const child = host.spawnAgent();
			await host.untilRunning(assignment);
			if (agent < AGENTS_KILLED) await killChild(child);
		}
		host.plane.setAssignments([]);
		const bytes = await host.plane.until("its last reading arrives", () => {
			return host.plane.usage.find((each) => each.assignmentId === assignment.id)?.counters.bytes;
		});
		const own = bytes.own?.bytes ?? 0;
		// A killed agent hasn't counted the answer that it was waiting for. Alone, the last agent would know a fifth.
		expect(own).toBeGreaterThan(bytes.clients / 2);
		expect(own).toBeLessThan(bytes.clients + UNSENT_BYTES);
	},
);
